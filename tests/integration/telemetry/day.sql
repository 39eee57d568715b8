-- What a ledger knows at midnight before 22 November 2026.
insert into events (source, id, type, body, received_at, disposition, environment)
values ('/t', 'e', 'backup-completed', '{}', '2026-11-19', 'started', 'acme-prod');
insert into runs (id, runbook, environment, event_source, event_id, status, priority, overdue_after,
                  created_at, started_at, ended_at)
values ('00000000-0000-0000-0000-000000000001', 'refresh', 'acme-staging', '/t', 'e', 'succeeded', 0,
        '1 hour', '2026-11-19', '2026-11-19', '2026-11-20'),
       ('00000000-0000-0000-0000-000000000002', 'refresh', 'acme-training', '/t', 'e', 'running', 0,
        '1 hour', '2026-11-21 22:00Z', '2026-11-21 22:30Z', null);
insert into steps (run_id, position, name, kind, status, max_attempts, time_limit)
select id, 1, 'ask', 'do', 'ready', 3, '1 hour' from runs where status = 'running';
insert into attempts (run_id, position, number, epoch, lease_id, started_at)
select run_id, 1, 1, 1, run_id, '2026-11-21' from steps;
insert into approvals (id, run_id, position, tier, plan, plan_sha256, requested_by, needed, status, requested_at,
                       escalate_at, expires_at)
select 'a', run_id, 1, 1, '{}', 'x', '/t', 1, 'waiting', '2026-11-21 23:00Z', now(), now() from steps;
insert into lag_samples (environment, at, seconds) values ('acme-prod', '2026-11-22', 450);
insert into outbox (id, topic, subject, body, created_at) values ('o', 't', 's', '{}', '2026-11-21 23:58Z');
insert into parked (id, topic, subscription, message_id, reason, body, parked_at)
values ('p', 't', 's', 'm', 'r', '{}', '2026-11-21');
insert into promotion_debts (environment, server, kind, what, wanted, found, repair, run_id, opened_at, checked_at, closed_at, closed_because)
values ('acme-prod', 's', 'backup', 'open', '7', '1', 'keep', gen_random_uuid(), now(), now(), null, null),
       ('acme-prod', 's', 'backup', 'paid', '7', '1', 'keep', gen_random_uuid(), now(), now(), now(), 'paid');
insert into evidence (run_id, sealed_at, body, sha256, environment, number)
select id, '2026-11-21 23:50Z', '{}', 'x', 'acme-staging', 1 from runs where status = 'succeeded';
insert into logins (environment, login, rotated_at, previous, revoke_at, epoch)
values ('acme-prod', 'acme_prod_login_a', '2026-11-12', 'odoo', '2026-11-13', 1);
