-- record_workloads
insert into workload_states (environment, kind, name, state, reason, seen_at)
select environment, kind, name, state, reason, %(now)s
from jsonb_to_recordset(%(seen)s) as s(environment text, kind text, name text, state text, reason text)
on conflict (environment, kind, name) do update
set state = excluded.state, reason = excluded.reason, seen_at = excluded.seen_at

-- workload_states
select environment, kind, name, state, reason from workload_states where seen_at > %(since)s

-- last_verifications
-- What the newest run that verified each environment found. A refresh says nothing but that all was well; a release
-- goes on although something fails that failed before.
select n.name as environment, v.run_id as run, v.ended_at as at, v.findings
from unnest(%(environments)s::text[]) as n(name)
     join lateral (
         select s.run_id, s.ended_at, coalesce(s.output -> 'findings', (
                    select jsonb_agg(jsonb_build_object('check', f.name, 'passed', false, 'detail', 'it failed'))
                    from jsonb_array_elements_text(s.output -> 'failing') as f(name)), '[]') as findings
         from runs r join steps s on s.run_id = r.id
         where r.environment = n.name and s.status = 'succeeded'
           and s.name in ('verify_environment', 'verify_release', 'verify_failover', 'verify_clone')
         order by r.created_at desc limit 1
     ) v on true

-- parked_by_environment
select e.environment, count(*) as messages
from parked p join events e on e.parked = p.id
where p.resolution is null and e.environment is not null
group by e.environment
