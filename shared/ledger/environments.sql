-- lock_offer
-- Serialises everything that counts the environments of an offer.
select pg_advisory_xact_lock(hashtextextended('offer ' || %(offer)s, 0))

-- environment_on_request
-- The one of this name that is not over.
select id, name, offer, requested_by, environment, status, requested_at, expires_at, opened_at,
       reminded_at, expired_at, closed_at
from environments_on_request
where name = %(name)s and status in ('creating', 'open', 'closing')
for update

-- environment_by_id
select id, name, offer, requested_by, environment, status, requested_at, expires_at, opened_at,
       reminded_at, expired_at, closed_at
from environments_on_request
where id = %(id)s

-- environments_on_request
select id, name, offer, requested_by, environment, status, requested_at, expires_at, opened_at,
       reminded_at, expired_at, closed_at
from environments_on_request
where status in ('creating', 'open', 'closing')
order by name

-- failed_removals
-- Those that are to go and whose newest removal failed, by name. One of an earlier end does not count.
select e.id, e.name, f.run, f.runs, f.ended_at as failed_at, f.reason, f.removed_by, f.given_up
from environments_on_request e
     join lateral (
         select r.id as run, r.status, r.ended_at, r.reason, r.cancelled is not null as given_up,
                v.body -> 'data' ->> 'removed_by' as removed_by, count(*) over () as runs
         from runs r left join events v on v.source = r.event_source and v.id = r.event_id
         where r.environment = e.name and r.runbook = 'removal'
           and r.created_at >= coalesce(e.expired_at, e.requested_at)
         order by r.created_at desc, r.ended_at desc nulls first limit 1
     ) f on f.status in ('failed', 'superseded')
where e.status = 'closing' or (e.status = 'open' and e.expires_at <= %(now)s)
order by e.name

-- newest_environments_on_request
select id, name, offer, requested_by, environment, status, requested_at, expires_at, opened_at,
       reminded_at, expired_at, closed_at
from environments_on_request
order by requested_at desc
limit %(limit)s

-- insert_environment_on_request
insert into environments_on_request
    (id, name, offer, requested_by, environment, status, requested_at, expires_at)
values
    (%(id)s, %(name)s, %(offer)s, %(requested_by)s, %(environment)s, 'creating', %(now)s,
     %(expires_at)s)
returning id, name, offer, requested_by, environment, status, requested_at, expires_at, opened_at,
          reminded_at, expired_at, closed_at

-- environment_opened
update environments_on_request set status = 'open', opened_at = %(now)s
where id = %(id)s and status = 'creating'

-- environment_closing
update environments_on_request set status = 'closing' where id = %(id)s and status <> 'closed'

-- environment_over
-- Whether it slept, and who wanted that, is forgotten.
with done as (
    update environments_on_request set status = %(status)s, closed_at = %(now)s
    where id = %(id)s and closed_at is null
    returning id
)
delete from hours where environment in (select id::text from done)

-- extend_environment
update environments_on_request
set expires_at = %(until)s, reminded_at = null, expired_at = null
where id = %(id)s

-- insert_environment_extension
insert into environment_extensions (environment, extended_by, extended_at, until_at, reason)
values (%(id)s, %(by)s, %(now)s, %(until)s, %(reason)s)

-- environment_extensions
select extended_by, extended_at, until_at, reason from environment_extensions
where environment = %(id)s
order by number

-- environment_reminded
update environments_on_request set reminded_at = %(now)s where id = %(id)s

-- environment_expired
update environments_on_request set expired_at = %(now)s where id = %(id)s
