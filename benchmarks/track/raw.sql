-- lock
select s.position, s.input, s.status, s.lease_id, s.due_at, r.epoch, r.environment
from runs r join steps s on s.run_id = r.id
where r.id = %(run)s and s.name = %(step)s for update of r, s

-- lease
with opened as (
    insert into attempts (run_id, position, number, epoch, lease_id, started_at)
    values (%(run)s, %(position)s, 1, %(epoch)s, %(lease)s, %(now)s)
)
update steps set lease_id = %(lease)s, lease_until = %(until)s, attempt = 1, looks = 1,
                 started_at = %(now)s
where run_id = %(run)s and position = %(position)s

-- end
with closed as (
    update attempts set ended_at = %(now)s, outcome = 'succeeded'
    where run_id = %(run)s and position = %(position)s and number = 1
)
update steps set status = 'succeeded', output = %(output)s,
                 lease_id = null, lease_until = null, ended_at = %(now)s
where run_id = %(run)s and position = %(position)s

-- audit
insert into audit (run_id, at, what, facts) values (%(run)s, %(now)s, 'step_succeeded', %(facts)s)

-- ready
update steps set status = 'ready', input = %(output)s, due_at = %(now)s,
                 deadline_at = %(now)s + time_limit
where run_id = %(run)s and position = %(position)s + 1

-- queue
insert into outbox (id, topic, subject, body, properties, created_at)
values (%(id)s, %(topic)s, %(subject)s, %(body)s, '{}', %(now)s)
