create table events (
    source text not null,
    id text not null,
    type text not null,
    environment text,
    body jsonb not null,
    received_at timestamptz not null,
    disposition text not null check (disposition in ('started', 'coalesced', 'ignored', 'parked')),
    reason text,
    primary key (source, id)
);
comment on table events is 'Every event that intake accepted, once, and what became of it.';

create table interlocks (
    environment text primary key,
    epoch bigint not null default 0,
    run_id uuid
);
comment on table interlocks is 'Who may change an environment; the epoch grows with every grant.';

create table runs (
    id uuid primary key,
    runbook text not null,
    environment text not null,
    event_source text not null,
    event_id text not null,
    coalesce_key text,
    traceparent text,
    status text not null
        check (status in ('waiting', 'running', 'undoing', 'succeeded', 'failed', 'superseded')),
    priority int not null,
    epoch bigint,
    reason text,
    ends_as text check (ends_as in ('failed', 'superseded')),
    overdue_after interval not null,
    overdue_at timestamptz,
    created_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    foreign key (event_source, event_id) references events (source, id)
);
comment on table runs is 'One passage through a runbook for one environment.';
create unique index runs_one_at_a_time on runs (environment) where status in ('running', 'undoing');
create index runs_waiting on runs (environment, priority desc, created_at) where status = 'waiting';
create index runs_recent on runs (created_at desc);
create index runs_event on runs (event_source, event_id);

create table steps (
    run_id uuid not null references runs on delete cascade,
    position int not null,
    name text not null,
    kind text not null check (kind in ('do', 'undo')),
    undoes text,
    status text not null check (status in ('pending', 'ready', 'succeeded', 'failed', 'skipped')),
    max_attempts int not null check (max_attempts > 0),
    time_limit interval not null,
    attempt int not null default 1,
    looks int not null default 0,
    redrives int not null default 0,
    input jsonb,
    output jsonb,
    checkpoint jsonb,
    lease_id uuid,
    lease_until timestamptz,
    due_at timestamptz,
    deadline_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    error text,
    primary key (run_id, position),
    unique (run_id, name)
);
comment on table steps is 'The plan of a run, pinned when it was accepted, and how far each step is.';
create index steps_ready on steps (due_at) where status = 'ready';

create table attempts (
    run_id uuid not null,
    position int not null,
    number int not null,
    epoch bigint not null,
    lease_id uuid not null,
    looks int not null default 1,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text check (outcome in ('succeeded', 'again', 'retrying', 'failed', 'lost')),
    error text,
    primary key (run_id, position, number),
    foreign key (run_id, position) references steps on delete cascade
);
comment on table attempts is 'One try at a step each; looks counts how often a long one was looked in on.';

create table outbox (
    id text primary key,
    topic text not null,
    subject text not null,
    body jsonb not null,
    scheduled_for timestamptz,
    properties jsonb not null default '{}',
    created_at timestamptz not null
);
comment on table outbox is 'Messages recorded with an outcome and not known to be sent; sent ones are deleted.';
create index outbox_oldest on outbox (created_at);

create table parked (
    id text primary key,
    topic text not null,
    subscription text not null,
    message_id text not null,
    reason text not null,
    body text not null,
    properties jsonb not null default '{}',
    parked_at timestamptz not null,
    resolution text check (resolution in ('replayed', 'discarded')),
    resolved_at timestamptz,
    resolved_by text
);
comment on table parked is 'Messages that can never be handled, until a person replays or discards them.';

create table audit (
    run_id uuid not null references runs on delete cascade,
    number int generated always as identity,
    at timestamptz not null,
    what text not null,
    facts jsonb not null,
    primary key (run_id, number)
);
comment on table audit is 'What happened in a run, in order; never updated.';

create table evidence (
    run_id uuid primary key references runs on delete cascade,
    sealed_at timestamptz not null,
    body jsonb not null,
    sha256 text not null
);
comment on table evidence is 'The sealed record of a run that is over.';
