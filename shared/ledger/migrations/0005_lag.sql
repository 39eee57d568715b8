create table lag_samples (
    environment text not null,
    at timestamptz not null,
    "primary" jsonb,
    standby jsonb,
    bytes bigint,
    seconds double precision,
    transactions bigint,
    replay_seconds double precision,
    silent text,
    primary key (environment, at)
);
comment on table lag_samples is 'How far standbys were behind: both servers'' words, and what follows from them; pruned.';

create table lag_watches (
    environment text primary key,
    breached boolean not null,
    episode int not null,
    since_at timestamptz not null
);
comment on table lag_watches is 'Whether a standby is too far behind; an episode runs from breach to recovery.';
