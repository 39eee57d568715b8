alter table steps add column woken boolean not null default false;
comment on column steps.woken is 'Something that the step waits for happened while an attempt was looking.';

create table approvals (
    id text primary key,
    run_id uuid not null,
    position int not null,
    tier int not null check (tier in (1, 2, 3)),
    plan jsonb not null,
    plan_sha256 text not null,
    requested_by text not null,
    needed int not null check (needed in (1, 2)),
    status text not null check (status in ('waiting', 'approved', 'rejected', 'expired', 'withdrawn')),
    break_glass boolean not null default false,
    requested_at timestamptz not null,
    escalate_at timestamptz not null,
    escalated_at timestamptz,
    expires_at timestamptz not null,
    decided_at timestamptz,
    taken_at timestamptz,
    unique (run_id, position),
    foreign key (run_id, position) references steps on delete cascade
);
comment on table approvals is 'What a step asked people for: one plan, known by its hash, used by that step only.';
create index approvals_open on approvals (expires_at) where status in ('waiting', 'approved') and taken_at is null;

create table decisions (
    approval_id text not null references approvals on delete cascade,
    number int generated always as identity,
    at timestamptz not null,
    verdict text not null check (verdict in ('approve', 'reject', 'break-glass', 'review')),
    person text not null,
    reason text,
    plan_sha256 text not null,
    primary key (approval_id, number)
);
comment on table decisions is 'What people said to a plan, in order; never updated.';
create unique index decisions_count_a_person_once on decisions (approval_id, lower(person)) where verdict = 'approve';

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed', tg_table_name;
end
$$;
create trigger decisions_are_final before update on decisions for each row execute function refuse_change();
