create table logins (
    environment text primary key,
    login text not null,
    rotated_at timestamptz not null,
    previous text not null,
    revoke_at timestamptz not null,
    revoked_at timestamptz,
    epoch bigint not null
);
comment on table logins is 'Which login an environment has, since when, and until when the one before it works; never a password.';
