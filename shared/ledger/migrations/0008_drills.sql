create table drills (
    id uuid primary key,
    environment text not null,
    ended_at timestamptz not null,
    source text not null,
    passed boolean not null,
    facts jsonb not null
);
comment on table drills is 'Rehearsed failovers, on pairs made for the purpose: how long they took and what they lost.';
create index drills_newest on drills (environment, ended_at desc);
