create table placements (
    environment text primary key,
    active_side text not null,
    epoch bigint not null,
    run_id uuid,
    since_at timestamptz not null,
    standby_state text not null default 'streaming'
        check (standby_state in ('streaming', 'fenced', 'rejoining', 'absent')),
    finished boolean not null default true,
    promotable boolean not null default true,
    reason text
);
comment on table placements is 'Which environment of a pair serves production''s users, since when, and whether the other could.';

create table fence_orders (
    environment text not null,
    side text not null,
    epoch bigint not null,
    run_id uuid not null,
    ordered_at timestamptz not null,
    executed_at timestamptz,
    proof jsonb,
    lifted_at timestamptz,
    primary key (environment, side)
);
comment on table fence_orders is 'Sides that must not be written to, with the proof once they cannot; kept until they rejoin.';
