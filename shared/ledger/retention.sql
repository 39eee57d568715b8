-- forget_runs
-- Steps, attempts, audit entries and approvals go with their run. What stays: the newest success of each runbook,
-- which says how fresh an environment is; a broken glass that nobody has reviewed; what is not in storage yet.
with old as (
    select r.id from runs r
    where r.ended_at < %(before)s
      and (r.status <> 'succeeded'
           or exists (select from runs n where n.environment = r.environment and n.runbook = r.runbook
                      and n.status = 'succeeded' and n.created_at > r.created_at))
      and not exists (select from evidence e where e.run_id = r.id and e.copied_at is null and e.number is not null)
      and not exists (select from approvals p where p.run_id = r.id and p.break_glass
                      and not exists (select from decisions d where d.approval_id = p.id and d.verdict = 'review'))
    order by r.ended_at
    limit %(limit)s
    for update skip locked
), gone as (
    delete from runs r using old where r.id = old.id
    returning r.runbook, r.status, extract(epoch from r.ended_at - r.started_at) as seconds
), counted as (
    insert into forgotten as f (what, kind, outcome, number, seconds)
    select 'run', runbook, status, count(*), coalesce(sum(seconds), 0)::float8 from gone group by runbook, status
    union all
    select 'attempt', '', coalesce(a.outcome, 'open'), count(*), 0
    from attempts a join old on a.run_id = old.id group by a.outcome
    on conflict (what, kind, outcome) do update
    set number = f.number + excluded.number, seconds = f.seconds + excluded.seconds
)
select count(*) as number from gone

-- forget_events
-- Not those of runs that are kept, nor of messages that somebody may still replay.
with gone as (
    delete from events e using (
        select source, id from events o
        where o.received_at < %(before)s
          and not exists (select from runs r where r.event_source = o.source and r.event_id = o.id)
          and not exists (select from parked p where p.id = o.parked and p.resolution is null)
        order by o.received_at
        limit %(limit)s
        for update skip locked
    ) old
    where e.source = old.source and e.id = old.id
    returning e.type, e.disposition
), counted as (
    insert into forgotten as f (what, kind, outcome, number)
    select 'event', type, disposition, count(*) from gone group by type, disposition
    on conflict (what, kind, outcome) do update set number = f.number + excluded.number
)
select count(*) as number from gone

-- forget_parked
with old as (
    select id from parked where resolution is not null and resolved_at < %(before)s
    order by resolved_at limit %(limit)s
), gone as (delete from parked p using old where p.id = old.id returning 1)
select count(*) as number from gone

-- forget_notifications
with old as (
    select announcement, webhook from notifications where queued_at < %(before)s
    order by queued_at limit %(limit)s
), gone as (
    delete from notifications n using old where n.announcement = old.announcement and n.webhook = old.webhook returning 1
)
select count(*) as number from gone

-- forget_evidence
-- Only what is in blob storage, or was sealed before there were copies.
with old as (
    select run_id from evidence where sealed_at < %(before)s and (copied_at is not null or number is null)
    order by sealed_at limit %(limit)s
), gone as (delete from evidence e using old where e.run_id = old.run_id returning 1)
select count(*) as number from gone
