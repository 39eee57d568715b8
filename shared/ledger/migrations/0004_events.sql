alter table events
    add column number bigint generated always as identity unique,
    add column read_as text,
    add column coalesced_with uuid[] not null default '{}',
    add column parked text;
comment on column events.number is 'Short enough to be typed; grows.';
comment on column events.read_as is 'The type that an event of Azure was translated to.';
comment on column events.coalesced_with is 'Runs of the same thing that went on when it came.';
comment on column events.parked is 'The message that it came in, when that was parked.';
