-- insert_event
insert into events (source, id, type, environment, body, received_at, disposition, reason, read_as)
values (%(source)s, %(id)s, %(type)s, %(environment)s, %(body)s, %(now)s, 'ignored', 'not settled', %(read_as)s)
on conflict (source, id) do update
set type = excluded.type, environment = excluded.environment, body = excluded.body, read_as = excluded.read_as
where events.disposition = 'parked'
returning id

-- settle_event
update events set disposition = %(disposition)s, reason = %(reason)s, coalesced_with = %(coalesced_with)s,
                  parked = %(parked)s
where source = %(source)s and id = %(id)s

-- lock_interlock
-- Serialises everything that decides who may change the environment.
insert into interlocks (environment) values (%(environment)s)
on conflict (environment) do update set environment = excluded.environment
returning run_id

-- hold_interlock
update interlocks set run_id = %(run)s, epoch = epoch + 1
where environment = %(environment)s
returning epoch

-- release_interlock
update interlocks set run_id = null
where environment = %(environment)s and run_id = %(run)s

-- find_run_to_coalesce_with
select id from runs
where environment = %(environment)s and runbook = %(runbook)s and coalesce_key = %(key)s
  and status in ('waiting', 'running')
limit 1

-- insert_run
insert into runs (id, runbook, environment, event_source, event_id, coalesce_key, traceparent,
                  status, priority, overdue_after, created_at)
values (%(id)s, %(runbook)s, %(environment)s, %(event_source)s, %(event_id)s, %(coalesce_key)s,
        %(traceparent)s, 'waiting', %(priority)s, %(overdue_after)s, %(now)s)

-- insert_step
insert into steps (run_id, position, name, kind, undoes, status, max_attempts, time_limit, input)
values (%(run)s, %(position)s, %(name)s, %(kind)s, %(undoes)s, 'pending', %(max_attempts)s,
        %(time_limit)s, %(input)s)

-- next_waiting_run
-- A run that has stepped aside has a step that is ready, and comes back when that is due.
select r.id, (select s.name from steps s where s.run_id = r.id and s.status = 'ready') as aside from runs r
where r.environment = %(environment)s and r.status = 'waiting'
  and not exists (select from steps s where s.run_id = r.id and s.status = 'ready' and s.due_at > %(now)s)
order by r.priority desc, r.created_at, r.id
limit 1

-- start_run
update runs set status = 'running', epoch = %(epoch)s, started_at = coalesce(started_at, %(now)s),
                overdue_at = case when started_at is null then %(now)s::timestamptz + overdue_after
                                  else overdue_at end
where id = %(run)s
returning id, runbook, environment, status, priority, epoch, traceparent

-- step_aside
with released as (
    update interlocks set run_id = null where environment = %(environment)s and run_id = %(run)s
)
update runs set status = 'waiting' where id = %(run)s

-- ready_step
update steps set status = 'ready', input = coalesce(%(input)s, input), due_at = %(now)s,
                 deadline_at = %(now)s::timestamptz + time_limit
where run_id = %(run)s and name = %(step)s and status = 'pending'

-- lock_step
-- Both rows are locked, so that a wait for the first cannot leave an old version of the second. What
-- comes next is read along, to spare a question: a plan's names and order never change.
select r.id as run_id, r.runbook, r.environment, r.status as run_status, r.priority, r.epoch, r.traceparent,
       r.reason as run_reason, r.cancelled, r.ends_as, s.position, s.name, s.kind, s.undoes, s.status, s.max_attempts, s.attempt, s.looks,
       s.redrives, s.woken, s.input, s.checkpoint, s.lease_id, s.lease_until, s.due_at, s.deadline_at, n.name as next_step,
       (select max(w.priority) from runs w
        where w.environment = r.environment and w.status = 'waiting' and w.priority > r.priority) as outranked_by
from runs r join steps s on s.run_id = r.id
     left join steps n on n.run_id = s.run_id and n.position = s.position + 1 and n.kind = 'do'
where r.id = %(run)s and s.name = %(step)s
for update of r, s

-- lease_step
with opened as (
    insert into attempts (run_id, position, number, epoch, lease_id, started_at)
    values (%(run)s, %(position)s, %(attempt)s, %(epoch)s, %(lease)s, %(now)s)
    on conflict (run_id, position, number) do update
    set looks = attempts.looks + 1, lease_id = excluded.lease_id, outcome = null, ended_at = null
)
update steps set lease_id = %(lease)s, lease_until = %(until)s, attempt = %(attempt)s,
                 looks = looks + 1, started_at = coalesce(started_at, %(now)s), woken = false
where run_id = %(run)s and position = %(position)s

-- close_attempt
update attempts set ended_at = %(now)s, outcome = %(outcome)s, error = %(error)s
where run_id = %(run)s and position = %(position)s and number = %(number)s

-- extend_leases
-- Never past the deadline: a step that hangs must come to an end.
update steps set lease_until = least(%(until)s, deadline_at)
where status = 'ready' and lease_id = any(%(leases)s) and lease_until > %(now)s
returning lease_id

-- holds_lease
select exists (
    select from steps s join runs r on r.id = s.run_id
    where s.run_id = %(run)s and s.lease_id = %(lease)s and s.lease_until > %(now)s
      and r.status in ('running', 'undoing')
)

-- end_step
-- What it asked people for ends with it.
with closed as (
    update attempts set ended_at = %(now)s, outcome = %(status)s, error = %(error)s
    where run_id = %(run)s and position = %(position)s and number = %(attempt)s
), withdrawn as (
    update approvals set status = 'withdrawn', decided_at = %(now)s
    where run_id = %(run)s and position = %(position)s
      and status in ('waiting', 'approved') and taken_at is null
)
update steps set status = %(status)s, output = %(output)s, error = %(error)s, lease_id = null,
                 lease_until = null, ended_at = %(now)s
where run_id = %(run)s and position = %(position)s

-- postpone_step
update steps set lease_id = null, lease_until = null, attempt = %(attempt)s, due_at = %(due_at)s,
                 checkpoint = %(checkpoint)s, error = %(error)s, woken = false
where run_id = %(run)s and position = %(position)s

-- give_up_step
with withdrawn as (
    update approvals set status = 'withdrawn', decided_at = %(now)s
    where run_id = %(run)s and position = %(position)s
      and status in ('waiting', 'approved') and taken_at is null
)
update steps set status = 'skipped', checkpoint = %(checkpoint)s, lease_id = null, lease_until = null,
                 ended_at = %(now)s
where run_id = %(run)s and position = %(position)s

-- wake_step
-- An attempt that is looking right now may have looked too early.
update steps set due_at = least(due_at, %(now)s), woken = coalesce(lease_until > %(now)s, false)
where run_id = %(run)s and position = %(position)s

-- following_step
select name from steps
where run_id = %(run)s and kind = %(kind)s and status = 'pending' and position > %(position)s
order by position limit 1

-- steps_to_undo
-- Latest first, and only what was begun; an undo gets the input and the checkpoint of its step.
select u.position, d.input, d.checkpoint
from steps u join steps d on d.run_id = u.run_id and d.name = u.undoes
where u.run_id = %(run)s and u.kind = 'undo' and d.started_at is not null
order by d.position desc

-- skip_steps_without_input
update steps set status = 'skipped'
where run_id = %(run)s and status = 'pending' and input is null

-- plan_undo
update steps set input = %(input)s, checkpoint = %(checkpoint)s
where run_id = %(run)s and position = %(position)s

-- turn_back
-- One that has stepped aside has nothing to undo, and another run may have the environment.
update runs set status = case status when 'waiting' then status else 'undoing' end, reason = %(reason)s,
                ends_as = %(ends_as)s
where id = %(run)s

-- run_state
select id, runbook, environment, status, priority, coalesce(epoch, 0) as epoch, traceparent from runs where id = %(run)s

-- ask_to_cancel
update runs set cancelled = coalesce(cancelled, %(said)s)
where id = %(run)s and status in ('waiting', 'running')
returning id, runbook, environment, status, priority, coalesce(epoch, 0) as epoch, traceparent

-- end_unstarted
with skipped as (update steps set status = 'skipped' where run_id = %(run)s and status = 'pending')
update runs set status = 'failed', reason = %(said)s, ended_at = %(now)s where id = %(run)s

-- end_run
update runs set status = %(status)s, ended_at = %(now)s where id = %(run)s

-- failed_undo_steps
select name from steps where run_id = %(run)s and kind = 'undo' and status = 'failed' order by position

-- insert_audit
insert into audit (run_id, at, what, facts) values (%(run)s, %(now)s, %(what)s, %(facts)s)

-- insert_outbox
insert into outbox (id, topic, subject, body, scheduled_for, properties, created_at)
select id, topic, subject, body::jsonb, scheduled_for, properties, %(now)s
from jsonb_to_recordset(%(messages)s)
     as m(id text, topic text, subject text, body text, scheduled_for timestamptz, properties jsonb)
on conflict (id) do nothing

-- forget_sent
delete from outbox where id = any(%(ids)s)

-- unsent
select id, topic, subject, body::text as body, scheduled_for, properties from outbox
where created_at <= %(before)s
order by created_at, id
limit %(limit)s

-- stuck_steps
-- Ready, yet nobody works on it: the lease ran out, or the command never came.
select s.run_id, s.name from steps s join runs r on r.id = s.run_id
where s.status = 'ready'
  and (r.status in ('running', 'undoing')
       or r.status = 'waiting' and exists (
           select from interlocks i where i.environment = r.environment and i.run_id is null))
  and (coalesce(s.lease_until, s.due_at) < %(before)s
       or (s.deadline_at < %(now)s and (s.lease_until is null or s.lease_until < %(now)s)))
order by s.due_at
limit %(limit)s

-- count_redrive
update steps set redrives = redrives + 1, due_at = %(now)s
where run_id = %(run)s and position = %(position)s
returning redrives

-- overdue_runs
update runs set overdue_at = null
where (status = 'waiting' or status in ('running', 'undoing')) and overdue_at < %(now)s
returning id, runbook, environment, status, priority, epoch, traceparent

-- current_step
select name from steps where run_id = %(run)s and status = 'ready' order by position limit 1

-- insert_parked
insert into parked (id, topic, subscription, message_id, reason, body, properties, parked_at)
values (%(id)s, %(topic)s, %(subscription)s, %(message_id)s, %(reason)s, %(body)s, %(properties)s, %(now)s)
on conflict (id) do nothing
returning id

-- parked_messages
select id, topic, subscription, message_id, reason, body, properties, parked_at, resolution from parked
where resolution is null or %(resolved)s
order by parked_at desc
limit %(limit)s

-- resolve_parked
update parked set resolution = %(resolution)s, resolved_at = %(now)s, resolved_by = %(by)s
where id = %(id)s and resolution is null
returning id, topic, subscription, message_id, reason, body, properties, parked_at, resolution

-- run_record
select to_jsonb(r) as run, to_jsonb(e) as event,
       (select coalesce(jsonb_agg(to_jsonb(s) - 'run_id' - 'lease_id' - 'lease_until' order by s.position), '[]')
        from steps s where s.run_id = r.id) as steps,
       (select coalesce(jsonb_agg(to_jsonb(a) - 'run_id' - 'lease_id' order by a.position, a.number), '[]')
        from attempts a where a.run_id = r.id) as attempts,
       (select coalesce(jsonb_agg(to_jsonb(t) - 'run_id' order by t.number), '[]')
        from audit t where t.run_id = r.id) as audit,
       (select coalesce(jsonb_agg(to_jsonb(p) - 'run_id' || jsonb_build_object('decisions',
                   (select coalesce(jsonb_agg(to_jsonb(d) - 'approval_id' order by d.number), '[]')
                    from decisions d where d.approval_id = p.id)) order by p.position), '[]')
        from approvals p where p.run_id = r.id) as approvals
from runs r join events e on e.source = r.event_source and e.id = r.event_id
where r.id = %(run)s

-- next_link
-- Until the transaction ends nobody else adds to the environment's chain.
insert into interlocks (environment) values (%(environment)s)
on conflict (environment) do update set environment = excluded.environment
returning environment, sealed + 1 as number, last_seal as previous

-- insert_evidence
with added as (
    insert into evidence (run_id, sealed_at, body, sha256, environment, number)
    values (%(run)s, %(now)s, %(body)s, %(sha256)s, %(environment)s, %(number)s)
    on conflict (run_id) do nothing
    returning environment, number, sha256
)
update interlocks i set sealed = a.number, last_seal = a.sha256
from added a where i.environment = a.environment

-- evidence
select body::text as body, sha256 from evidence where run_id = %(run)s

-- evidence_to_copy
select run_id, environment, number, sealed_at, body::text as body, sha256 from evidence
where copied_at is null and number is not null and run_id <> all(%(but)s::uuid[])
order by sealed_at, environment, number
limit %(limit)s

-- evidence_copied
update evidence set copied_at = coalesce(copied_at, %(now)s) where run_id = any(%(runs)s)

-- evidence_chain
select number, sha256, copied_at is not null as copied from evidence
where environment = %(environment)s and number is not null
order by number

-- recent_runs
-- Newest first, from behind the run that the page before ended with.
select r.id, r.runbook, r.environment, r.status, r.epoch, r.reason, r.created_at, r.started_at, r.ended_at,
       (select name from steps s where s.run_id = r.id and s.status = 'ready' order by position limit 1) as step
from runs r
where (%(environment)s::text is null or r.environment = %(environment)s)
  and (%(status)s::text is null or r.status = %(status)s)
  and (%(runbook)s::text is null or r.runbook = %(runbook)s)
  and (%(behind)s::uuid is null
       or (r.created_at, r.id) < (select b.created_at, b.id from runs b where b.id = %(behind)s))
order by r.created_at desc, r.id desc
limit %(limit)s

-- active_runs
-- Newest first. The two arms of the condition have an index each.
select r.id, r.runbook, r.environment, r.status, r.epoch, r.reason, r.created_at, r.started_at, r.ended_at,
       (select name from steps s where s.run_id = r.id and s.status = 'ready' order by position limit 1) as step
from runs r
where r.status = 'waiting' or r.status in ('running', 'undoing')
order by r.created_at desc, r.id desc
limit %(limit)s

-- runs_of_event
select r.id from runs r where r.event_source = %(source)s and r.event_id = %(id)s order by r.environment

-- event
select e.number, e.source, e.id, e.type, e.read_as, e.environment, e.received_at, e.disposition, e.reason,
       array(select r.id from runs r where r.event_source = e.source and r.event_id = e.id order by r.environment) as runs,
       e.coalesced_with, e.parked
from events e where e.source = %(source)s and e.id = %(id)s

-- event_by_number
select e.number, e.source, e.id, e.type, e.read_as, e.environment, e.received_at, e.disposition, e.reason,
       array(select r.id from runs r where r.event_source = e.source and r.event_id = e.id order by r.environment) as runs,
       e.coalesced_with, e.parked
from events e where e.number = %(number)s

-- event_body
select body from events where number = %(number)s

-- recent_events
select e.number, e.source, e.id, e.type, e.read_as, e.environment, e.received_at, e.disposition, e.reason,
       array(select r.id from runs r where r.event_source = e.source and r.event_id = e.id order by r.environment) as runs,
       e.coalesced_with, e.parked
from events e
where (%(environment)s::text is null or e.environment = %(environment)s)
  and (%(disposition)s::text is null or e.disposition = %(disposition)s)
  and (%(type)s::text is null or e.type = %(type)s or e.read_as = %(type)s)
  and (%(before)s::bigint is null or e.number < %(before)s)
order by e.number desc
limit %(limit)s

-- run_progress
select s.name, s.kind, s.status, s.attempt, s.looks, s.started_at, s.ended_at, s.error, s.checkpoint, s.output
from steps s where s.run_id = %(run)s
order by s.kind, s.position

-- counts
select (select count(*) from runs where status = 'waiting' or status in ('running', 'undoing')) as active_runs,
       (select count(*) from outbox) as unsent,
       (select count(*) from parked where resolution is null) as parked

-- placement
select environment, active_side, epoch, run_id, since_at, standby_state, finished, promotable, reason
from placements where environment = %(environment)s

-- is_turning
-- Whether an environment is being failed over, or what it was failed over from rejoins.
select exists (
    select from runs
    where environment = %(environment)s and runbook in ('failover', 'rejoin')
      and status in ('waiting', 'running', 'undoing')
) as turning

-- take_placement
-- An older epoch changes nothing; the same one may come again and leaves the time as it was.
insert into placements (environment, active_side, epoch, run_id, since_at, standby_state, finished)
values (%(environment)s, %(side)s, %(epoch)s, %(run)s, %(now)s, %(standby_state)s, false)
on conflict (environment) do update
set active_side = excluded.active_side, epoch = excluded.epoch, run_id = excluded.run_id,
    standby_state = excluded.standby_state, finished = false, promotable = true, reason = null,
    since_at = case when placements.active_side = excluded.active_side then placements.since_at
                    else excluded.since_at end
where placements.epoch <= excluded.epoch
returning environment, active_side, epoch, run_id, since_at, standby_state, finished, promotable, reason

-- finish_placement
update placements set finished = true, standby_state = %(standby_state)s
where environment = %(environment)s and epoch = %(epoch)s

-- set_standby_state
update placements set standby_state = %(standby_state)s
where environment = %(environment)s and epoch <= %(epoch)s

-- set_promotable
insert into placements (environment, active_side, epoch, since_at, promotable, reason)
values (%(environment)s, %(environment)s, 0, %(now)s, %(promotable)s, %(reason)s)
on conflict (environment) do update set promotable = excluded.promotable, reason = excluded.reason

-- order_fence
insert into fence_orders (environment, side, epoch, run_id, ordered_at)
values (%(environment)s, %(side)s, %(epoch)s, %(run)s, %(now)s)
on conflict (environment, side) do update
set epoch = excluded.epoch, run_id = excluded.run_id, ordered_at = excluded.ordered_at,
    executed_at = null, proof = null, lifted_at = null, withdrawn_at = null
where fence_orders.epoch < excluded.epoch

-- fence_executed
update fence_orders set executed_at = coalesce(executed_at, %(now)s), proof = %(proof)s
where environment = %(environment)s and side = %(side)s and epoch = %(epoch)s and lifted_at is null

-- side_withdrawn
update fence_orders set withdrawn_at = coalesce(withdrawn_at, %(now)s)
where environment = %(environment)s and side = %(side)s and epoch = %(epoch)s

-- was_withdrawn
select exists (select from fence_orders where environment = %(environment)s and side = %(side)s
               and epoch = %(epoch)s and withdrawn_at is not null)

-- sides_not_withdrawn
-- Also of a side whose database is a standby again: its cluster may come back later.
select f.environment, f.side, f.epoch, f.run_id, f.ordered_at, f.executed_at, f.proof
from fence_orders f join placements p on p.environment = f.environment and p.active_side <> f.side
where f.withdrawn_at is null order by f.ordered_at, f.environment, f.side

-- set_old_side_fenced
-- The side that was left is absent no more.
update placements set standby_state = 'fenced'
where environment = %(environment)s and active_side <> %(side)s and standby_state = 'absent'

-- lift_fence
update fence_orders set lifted_at = %(now)s
where environment = %(environment)s and side = %(side)s and epoch <= %(epoch)s and lifted_at is null

-- standing_fence_orders
select environment, side, epoch, run_id, ordered_at, executed_at, proof from fence_orders
where lifted_at is null and (%(environment)s::text is null or environment = %(environment)s)
order by ordered_at, environment, side

-- insert_approval
insert into approvals (id, run_id, position, tier, plan, plan_sha256, requested_by, needed, status,
                       requested_at, escalate_at, expires_at)
select %(id)s, r.id, %(position)s, %(tier)s, %(plan)s, %(plan_sha256)s, r.event_source, %(needed)s, 'waiting',
       %(now)s, %(escalate_at)s, %(expires_at)s
from runs r where r.id = %(run)s

-- approval
select p.id, p.run_id, r.runbook, r.environment, s.name as step, p.tier, p.plan, p.plan_sha256, p.requested_by,
       p.needed, p.status, p.break_glass, p.requested_at, p.escalate_at, p.escalated_at, p.expires_at, p.decided_at,
       p.taken_at, (select coalesce(array_agg(d.person order by d.number), '{}') from decisions d
                    where d.approval_id = p.id and d.verdict in ('approve', 'break-glass')) as approved_by
from approvals p join steps s on s.run_id = p.run_id and s.position = p.position join runs r on r.id = p.run_id
where p.id = %(id)s

-- approvals
select p.id, p.run_id, r.runbook, r.environment, s.name as step, p.tier, p.plan, p.plan_sha256, p.requested_by,
       p.needed, p.status, p.break_glass, p.requested_at, p.escalate_at, p.escalated_at, p.expires_at, p.decided_at,
       p.taken_at, (select coalesce(array_agg(d.person order by d.number), '{}') from decisions d
                    where d.approval_id = p.id and d.verdict in ('approve', 'break-glass')) as approved_by
from approvals p join steps s on s.run_id = p.run_id and s.position = p.position join runs r on r.id = p.run_id
where (%(status)s::text is null or p.status = %(status)s)
  and (%(environment)s::text is null or r.environment = %(environment)s)
order by p.requested_at desc, p.id
limit %(limit)s

-- insert_decision
insert into decisions (approval_id, at, verdict, person, reason, plan_sha256)
values (%(approval)s, %(now)s, %(verdict)s, %(person)s, %(reason)s, %(plan_sha256)s)

-- decisions
select at, verdict, person, reason, plan_sha256 from decisions where approval_id = %(approval)s order by number

-- settle_approval
update approvals set status = %(status)s, decided_at = %(now)s, break_glass = %(break_glass)s where id = %(id)s

-- take_approval
update approvals set taken_at = %(now)s where id = %(id)s

-- escalate_approvals
update approvals set escalated_at = %(now)s
where status = 'waiting' and escalated_at is null and escalate_at <= %(now)s and expires_at > %(now)s
returning id

-- expired_approvals
select id from approvals
where status in ('waiting', 'approved') and taken_at is null and expires_at <= %(now)s
order by expires_at

-- insert_lag_sample
insert into lag_samples (environment, at, "primary", standby, bytes, seconds, transactions, replay_seconds, silent)
values (%(environment)s, %(at)s, %(primary)s, %(standby)s, %(bytes)s, %(seconds)s, %(transactions)s,
        %(replay_seconds)s, %(silent)s)
on conflict do nothing

-- lag_samples
select environment, at, "primary", standby, bytes, seconds, transactions, replay_seconds, silent from lag_samples
where environment = %(environment)s and at >= %(since)s
order by at

-- last_primary_word
select "primary" from lag_samples where environment = %(environment)s and "primary" is not null
order by at desc limit 1

-- last_primary_word_up_to
select "primary" from lag_samples
where environment = %(environment)s and ("primary" ->> 'lsn')::bigint <= %(lsn)s
order by at desc limit 1

-- last_standby_word
select standby from lag_samples where environment = %(environment)s and standby is not null
order by at desc limit 1

-- lag_extent
-- Over a stretch of time that samples cover from its beginning; null when they do not.
select min(greatest(seconds, replay_seconds)) as least, max(greatest(seconds, replay_seconds)) as most,
       count(*) filter (where seconds is null) as unknown
from lag_samples
where environment = %(environment)s
  and at >= (select max(at) from lag_samples where environment = %(environment)s and at <= %(since)s)

-- prune_lag_samples
-- The last word of each server is what a failover will need.
delete from lag_samples s
where s.at < %(before)s
  and (s."primary" is null
       or exists (select from lag_samples n where n.environment = s.environment and n.at > s.at and n."primary" is not null))
  and (s.standby is null
       or exists (select from lag_samples n where n.environment = s.environment and n.at > s.at and n.standby is not null))

-- begin_lag_episode
insert into lag_watches (environment, breached, episode, since_at) values (%(environment)s, true, 1, %(now)s)
on conflict (environment) do update set breached = true, episode = lag_watches.episode + 1, since_at = %(now)s
where not lag_watches.breached
returning episode

-- end_lag_episode
update lag_watches set breached = false, since_at = %(now)s where environment = %(environment)s and breached
returning episode

-- insert_drill
insert into drills (id, environment, ended_at, source, passed, facts)
values (%(id)s, %(environment)s, %(now)s, %(source)s, %(passed)s, %(facts)s)
on conflict (id) do nothing

-- achieved
-- Newest first: what rehearsed and real failovers of an environment, or of all, came to.
select environment, run, ended_at, source, passed, facts from (
    select d.environment, r.id as run, d.ended_at, d.source, d.passed, d.facts
    from drills d left join runs r on r.id = d.id
    union all
    select r.environment, r.id, r.ended_at, 'failover' as source, true as passed, s.output as facts
    from runs r join steps s on s.run_id = r.id and s.name = 'close_failover' and s.status = 'succeeded'
    where r.runbook = 'failover' and r.ended_at is not null
) as both_kinds
where %(environment)s::text is null or environment = %(environment)s
order by ended_at desc
limit %(limit)s

-- rehearsals
-- When drills passed for the last time, and the openings at which nobody wanted one.
select environment, d.passed_at, s.opening as skipped_at, s.skipped_by
from (select environment, max(ended_at) as passed_at from drills where passed group by environment) d
full join skipped_drills s using (environment)
where %(environment)s::text is null or environment = %(environment)s

-- drills_at_work
select environment from runs
where runbook = 'drill' and status in ('waiting', 'running', 'undoing')

-- skip_drill
insert into skipped_drills (environment, opening, skipped_by)
values (%(environment)s, %(opening)s, %(skipped_by)s)
on conflict (environment) do update set opening = excluded.opening, skipped_by = excluded.skipped_by
where skipped_drills.opening < excluded.opening

-- last_verified_backup
-- The newest backup of an environment that a run restored and checked.
select s.output ->> 'manifest' as manifest, s.ended_at as verified_at
from steps s join runs r on r.id = s.run_id
where r.runbook = 'refresh' and s.name = 'verify_environment' and s.status = 'succeeded'
  and s.output ->> 'source' = %(environment)s
order by s.ended_at desc
limit 1

-- insert_notification
insert into notifications (announcement, webhook, queued_at)
values (%(announcement)s, %(webhook)s, %(now)s)
on conflict do nothing
returning announcement

-- notification_is_due
select from notifications
where announcement = %(announcement)s and webhook = %(webhook)s and delivered_at is null

-- notification_delivered
update notifications set delivered_at = %(now)s
where announcement = %(announcement)s and webhook = %(webhook)s and delivered_at is null

-- hours
select environment, asleep, since_at, override_asleep, override_until, override_by, override_reason,
       refreshed_for, skipped_by, number
from hours where %(environment)s::text is null or environment = %(environment)s

-- record_hours
insert into hours (environment, asleep, epoch, since_at)
values (%(environment)s, %(asleep)s, %(epoch)s, %(now)s)
on conflict (environment) do update
set asleep = excluded.asleep, epoch = excluded.epoch, since_at = excluded.since_at, number = hours.number + 1
where hours.epoch <= excluded.epoch and hours.asleep <> excluded.asleep

-- override_hours
insert into hours (environment, override_asleep, override_until, override_by, override_reason, number)
values (%(environment)s, %(asleep)s, %(until)s, %(by)s, %(reason)s, 1)
on conflict (environment) do update
set override_asleep = excluded.override_asleep, override_until = excluded.override_until,
    override_by = excluded.override_by, override_reason = excluded.override_reason, number = hours.number + 1
returning number

-- take_refresh
-- Nothing is returned when somebody has taken this opening, or a later one.
insert into hours (environment, refreshed_for, skipped_by)
values (%(environment)s, %(opening)s, %(skipped_by)s)
on conflict (environment) do update
set refreshed_for = excluded.refreshed_for, skipped_by = excluded.skipped_by
where hours.refreshed_for is null or hours.refreshed_for < excluded.refreshed_for
returning environment

-- open_debt
-- What is open already keeps what was wanted first: the former server forgets, too.
insert into promotion_debts (environment, server, kind, what, wanted, found, repair, run_id, opened_at, checked_at)
values (%(environment)s, %(server)s, %(kind)s, %(what)s, %(wanted)s, %(found)s, %(repair)s, %(run)s, %(now)s, %(now)s)
on conflict (server, kind, what) where closed_at is null do nothing

-- open_debts
select id, environment, server, kind, what, wanted, found, repair, run_id, opened_at, checked_at, problem
from promotion_debts
where closed_at is null and (%(environment)s::text is null or environment = %(environment)s)
order by environment, server, id

-- see_debt
update promotion_debts
set found = %(found)s, repair = %(repair)s, problem = %(problem)s, checked_at = %(now)s
where id = %(id)s and closed_at is null

-- close_debt
update promotion_debts
set closed_at = %(now)s, closed_because = %(because)s, checked_at = %(now)s, problem = null
where id = %(id)s and closed_at is null

-- logins
select environment, login, rotated_at, previous, revoke_at, revoked_at from logins
where %(environment)s::text is null or environment = %(environment)s

-- certificates
select environment, ends_at, seen_at, reason from certificates

-- record_certificate
-- A look that saw none keeps what an earlier one saw.
insert into certificates (environment, ends_at, seen_at, reason)
values (%(environment)s, %(ends_at)s, case when %(reason)s::text is null then %(now)s::timestamptz end, %(reason)s)
on conflict (environment) do update
set ends_at = coalesce(excluded.ends_at, certificates.ends_at),
    seen_at = coalesce(excluded.seen_at, certificates.seen_at), reason = excluded.reason
returning environment, ends_at, seen_at, reason

-- record_login
insert into logins (environment, login, rotated_at, previous, revoke_at, epoch)
values (%(environment)s, %(login)s, %(now)s, %(previous)s, %(revoke_at)s, %(epoch)s)
on conflict (environment) do update
set login = excluded.login, rotated_at = excluded.rotated_at, previous = excluded.previous,
    revoke_at = excluded.revoke_at, revoked_at = null, epoch = excluded.epoch
where logins.epoch < excluded.epoch

-- login_revoked
update logins set revoked_at = coalesce(revoked_at, %(now)s)
where environment = %(environment)s and previous = %(previous)s
