create table environments_on_request (
    id uuid primary key,
    name text not null,
    offer text not null,
    requested_by text not null,
    environment jsonb not null,
    status text not null check (status in ('creating', 'open', 'closing', 'closed', 'failed')),
    requested_at timestamptz not null,
    expires_at timestamptz not null,
    opened_at timestamptz,
    reminded_at timestamptz,
    expired_at timestamptz,
    closed_at timestamptz
);
comment on table environments_on_request is 'Environments that somebody asked for, by the run that makes each; what each is made of stays when its offer changes.';
create unique index environments_on_request_named on environments_on_request (name)
    where status in ('creating', 'open', 'closing');
create index environments_on_request_newest on environments_on_request (requested_at desc);

create table environment_extensions (
    environment uuid not null references environments_on_request,
    number bigint generated always as identity primary key,
    extended_by text not null,
    extended_at timestamptz not null,
    until_at timestamptz not null,
    reason text not null
);
comment on table environment_extensions is 'Who let an environment live on, until when, and why.';
create index environment_extensions_of on environment_extensions (environment, number);
