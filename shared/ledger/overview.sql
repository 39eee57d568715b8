-- environments_now
-- The newest clone of each environment, the newest proof that a backup of it can be restored, and who holds it.
select n.name as environment, coalesce(i.epoch, 0) as epoch, h.id as held_by, h.runbook as held_for,
       (select name from steps s where s.run_id = h.id and s.status = 'ready' order by position limit 1) as held_step,
       (select count(*) from runs w where w.environment = n.name and w.status = 'waiting') as waiting,
       l.id as last_run, l.runbook as last_runbook, l.status as last_status, l.ended_at as last_ended_at,
       f.id as refreshed_by, f.ended_at as refreshed_at, f.previous as checkpoint,
       b.id as verified_by, b.ended_at as verified_at, b.manifest as verified_manifest
from unnest(%(environments)s::text[]) as n(name)
     left join interlocks i on i.environment = n.name
     left join runs h on h.id = i.run_id
     left join lateral (
         select r.id, r.runbook, r.status, r.ended_at from runs r
         where r.environment = n.name and r.ended_at is not null
         order by r.created_at desc, r.id desc limit 1
     ) l on true
     left join lateral (
         select r.id, r.ended_at,
                (select s.output ->> 'previous' from steps s
                 where s.run_id = r.id and s.name = 'publish_environment') as previous
         from runs r
         where r.environment = n.name and r.runbook = 'refresh' and r.status = 'succeeded'
         order by r.created_at desc, r.id desc limit 1
     ) f on true
     left join lateral (
         select r.id, r.ended_at, e.body -> 'data' ->> 'manifest' as manifest
         from events e join runs r on r.event_source = e.source and r.event_id = e.id
         where e.environment = n.name and r.runbook = 'refresh' and r.status = 'succeeded'
         order by e.received_at desc limit 1
     ) b on true

-- run_totals
-- With those that are forgotten, here and below: what is counted never goes back.
select runbook, status, sum(runs)::bigint as runs, sum(seconds)::float8 as seconds from (
    select runbook, status, count(*) as runs,
           coalesce(sum(extract(epoch from ended_at - started_at)) filter (where ended_at is not null), 0) as seconds
    from runs group by runbook, status
    union all
    select kind, outcome, number, seconds from forgotten where what = 'run'
) as both_kinds group by runbook, status order by runbook, status

-- attempt_totals
select outcome, sum(attempts)::bigint as attempts from (
    select coalesce(outcome, 'open') as outcome, count(*) as attempts from attempts group by 1
    union all
    select outcome, number from forgotten where what = 'attempt'
) as both_kinds group by outcome order by outcome

-- event_totals
select type, disposition, sum(events)::bigint as events from (
    select type, disposition, count(*) as events from events group by type, disposition
    union all
    select kind, outcome, number from forgotten where what = 'event'
) as both_kinds group by type, disposition order by type, disposition

-- backlog
select (select count(*) from outbox) as unsent,
       (select min(created_at) from outbox where scheduled_for is null) as oldest_unsent_at,
       (select count(*) from parked where resolution is null) as parked,
       (select count(*) from steps where status = 'ready') as ready_steps,
       (select count(*) from runs where status in ('running', 'undoing')
        and started_at + overdue_after < %(now)s) as overdue,
       (select count(*) from approvals where status = 'waiting') as approvals,
       (select min(requested_at) from approvals where status = 'waiting') as oldest_approval_at,
       (select min(sealed_at) from evidence where copied_at is null and number is not null)
           as oldest_evidence_at

-- newest_lag
select distinct on (environment) environment, at, bytes, seconds, replay_seconds, silent
from lag_samples
order by environment, at desc

-- parked_message
select id, topic, subscription, message_id, reason, body, properties, parked_at, resolution from parked
where id = %(id)s
