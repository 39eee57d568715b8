create table notifications (
    announcement text not null,
    webhook text not null,
    queued_at timestamptz not null,
    delivered_at timestamptz,
    primary key (announcement, webhook)
);
comment on table notifications is 'What people are told by webhook: an announcement once to each.';
