create table hours (
    environment text primary key,
    asleep boolean not null default false,
    epoch bigint not null default 0,
    since_at timestamptz,
    override_asleep boolean,
    override_until timestamptz,
    override_by text,
    override_reason text,
    refreshed_for timestamptz,
    skipped_by text,
    number bigint not null default 0,
    check ((override_asleep is null) = (override_by is null))
);
comment on table hours is 'Whether an environment sleeps, who wants it otherwise than its schedule, and which opening it was last refreshed for.';
comment on column hours.number is 'Grows with each change, so that each is answered by an event of its own.';
comment on column hours.refreshed_for is 'Openings up to this one are done with: refreshed, or passed over by skipped_by.';
