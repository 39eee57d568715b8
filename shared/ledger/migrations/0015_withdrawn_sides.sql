alter table fence_orders add column withdrawn_at timestamptz;
comment on column fence_orders.withdrawn_at is 'When the side''s cluster had neither routes nor pods of it any more.';
