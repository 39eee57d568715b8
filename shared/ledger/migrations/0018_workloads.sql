create table workload_states (
    environment text not null,
    kind text not null,
    name text not null,
    state text not null check (state in ('ready', 'starting', 'stopped', 'eased', 'asleep', 'unknown')),
    reason text,
    seen_at timestamptz not null,
    primary key (environment, kind, name)
);
comment on table workload_states is 'How each workload of the estate was when upkeep last looked.';
create index events_parked on events (parked) where parked is not null;
