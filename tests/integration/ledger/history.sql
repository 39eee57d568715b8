-- Three and a half years of runs, up to 22 November 2026, and some things that must outlive them.
insert into events (source, id, type, body, received_at, disposition, environment)
select '/t', n::text, 'backup-completed', '{}', at, 'started', 'prod'
from (select n, timestamptz '2026-11-22 00:00Z' - n * interval '5 hours' as at from generate_series(1, :runs) n) as runs;

-- Nobody has refreshed e-0 to e-9 since: their newest success is as old as the rest.
insert into runs (id, runbook, environment, event_source, event_id, status, priority, epoch, overdue_after,
                  created_at, started_at, ended_at)
select md5(id)::uuid, 'refresh',
       case when received_at < '2025-06-01' then 'e-' || number % 10 else 'busy' end, source, id,
       case when number % 7 = 0 then 'failed' else 'succeeded' end, 0, 1, interval '1 hour',
       received_at, received_at, received_at + interval '1 minute'
from events;

insert into steps (run_id, position, name, kind, status, max_attempts, time_limit)
select id, position, 'step_' || position, 'do', 'succeeded', 3, interval '1 hour'
from runs, generate_series(1, 2) as position;
insert into attempts (run_id, position, number, epoch, lease_id, started_at, ended_at, outcome)
select run_id, position, 1, 1, run_id, now(), now(), 'succeeded' from steps;
insert into audit (run_id, at, what, facts) select id, ended_at, 'run_succeeded', '{}' from runs;
insert into evidence (run_id, sealed_at, body, sha256, environment, number, copied_at)
select id, ended_at, '{}', id::text, 'chain', row_number() over (order by ended_at), ended_at from runs;

-- Some of the oldest become special.
create temp table special as
select id, row_number() over (order by created_at) as place from runs where status = 'failed' order by created_at limit 4;
update runs r set environment = 'running', status = 'running', ended_at = null from special s where s.id = r.id and place = 1;
update runs r set environment = 'waiting', status = 'waiting', ended_at = null from special s where s.id = r.id and place = 2;
update runs r set environment = 'uncopied' from special s where s.id = r.id and place = 3;
update evidence e set copied_at = null from special s where s.id = e.run_id and place = 3;
update runs r set environment = 'unreviewed' from special s where s.id = r.id and place = 4;
insert into approvals (id, run_id, position, tier, plan, plan_sha256, requested_by, needed, status, break_glass,
                       requested_at, escalate_at, expires_at)
select 'a-1', id, 1, 1, '{}', 'x', '/manual/ann', 2, 'approved', true, now(), now(), now() from special where place = 4;
insert into decisions (approval_id, at, verdict, person, plan_sha256) values ('a-1', now(), 'break-glass', 'ann', 'x');

insert into parked (id, topic, subscription, message_id, reason, body, parked_at, resolution, resolved_at)
values ('open', 't', 's', 'm', 'r', '{}', '2024-01-01', null, null),
       ('gone', 't', 's', 'm', 'r', '{}', '2024-01-01', 'discarded', '2024-01-02');
insert into events (source, id, type, body, received_at, disposition, parked)
values ('/t', 'parked', 'x', '{}', '2024-01-01', 'parked', 'open'),
       ('/t', 'ignored', 'x', '{}', '2024-01-01', 'ignored', null);
insert into notifications (announcement, webhook, queued_at)
select 'old-' || n, 'w', timestamptz '2024-01-01' + n * interval '1 minute' from generate_series(1, 2000) n
union all select 'new', 'w', '2026-11-01';
