create table skipped_drills (
    environment text primary key,
    opening timestamptz not null,
    skipped_by text not null
);
comment on table skipped_drills is 'The newest opening at which somebody wanted no drill.';
