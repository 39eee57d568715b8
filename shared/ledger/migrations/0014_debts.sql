create table promotion_debts (
    id bigint generated always as identity primary key,
    environment text not null,
    server text not null,
    kind text not null,
    what text not null,
    wanted text not null,
    found text not null,
    repair text not null,
    run_id uuid not null,
    opened_at timestamptz not null,
    checked_at timestamptz not null,
    problem text,
    closed_at timestamptz,
    closed_because text check (closed_because in ('paid', 'moot')),
    check ((closed_at is null) = (closed_because is null))
);
comment on table promotion_debts is 'What a promoted server lacks that the one before it had, from the promotion until it is repaired.';
create unique index promotion_debts_open on promotion_debts (server, kind, what) where closed_at is null;
