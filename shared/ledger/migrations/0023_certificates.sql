create table certificates (
    environment text primary key,
    ends_at timestamptz,
    seen_at timestamptz,
    reason text
);
comment on table certificates is 'When the certificate ends that users of an environment saw last; reason says why the newest look saw none.';
