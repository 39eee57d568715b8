alter table evidence drop constraint evidence_run_id_fkey;
comment on table evidence is 'The sealed record of a run that is over; it outlives the run''s own rows.';
create index evidence_oldest on evidence (sealed_at);
create index runs_ended on runs (ended_at);
create index runs_succeeded on runs (environment, runbook, created_at desc) where status = 'succeeded';
create index events_oldest on events (received_at);
create index parked_resolved on parked (resolved_at) where resolution is not null;
create index notifications_oldest on notifications (queued_at);

create table forgotten (
    what text not null check (what in ('run', 'attempt', 'event')),
    kind text not null,
    outcome text not null,
    number bigint not null,
    seconds double precision not null default 0,
    primary key (what, kind, outcome)
);
comment on table forgotten is 'How many rows upkeep has deleted, so that what is counted never goes back.';
