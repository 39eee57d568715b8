alter table interlocks
    add column sealed bigint not null default 0,
    add column last_seal text;
comment on column interlocks.sealed is 'How many runs of the environment have left evidence.';
comment on column interlocks.last_seal is 'The SHA-256 of the newest evidence, which the next one names.';

alter table evidence
    add column environment text,
    add column number bigint,
    add column copied_at timestamptz,
    add unique (environment, number);
comment on column evidence.number is 'Place in the environment''s chain; null in what was sealed before there were chains.';
comment on column evidence.copied_at is 'When its bundle was seen in blob storage.';
create index evidence_to_copy on evidence (sealed_at) where copied_at is null and number is not null;
