create unlogged table sample.sale as
select n, m.id as partner, coalesce(m.parent, m.id) as invoiced, m.household,
    sample.now() - interval '700 days' * ((orders - n)::float8 / orders) as at,
    case when n % 5 > 0 then 'sale' else (array['draft', 'sent', 'cancel'])[1 + n / 5 % 3] end as state,
    case when n % 5 > 0 then n - n / 5 end as sold,
    7 - 1 + sample.draw('salesperson', n, 22) as salesperson
from (select sample.partners() * 5 / 4) x (orders), generate_series(1, orders) n,
sample.member m
where m.id = 29 + sample.draw('customer', n, sample.partners() - 28);
alter table sample.sale add primary key (n);

create unlogged table sample.sale_line as
select row_number() over (order by n, line) as id, n, line, sold, state, partner, invoiced, at, salesperson,
    p.id as product, p.name ->> 'en_US' as title, p.list_price as price, 1 + sample.draw('quantity', n * 4 + line, 5) as quantity,
    round(p.list_price * (1 + sample.draw('quantity', n * 4 + line, 5)), 2) as subtotal,
    case when state = 'sale' and sold % 20 > 1 then 'done' when state = 'sale' and sold % 20 = 0 then 'assigned'
        when state = 'sale' then 'confirmed' end as delivery
from sample.sale, generate_series(1, 1 + sample.draw('lines', n, 2)) line, product_template p
where p.id = 2 + sample.draw('product', n * 4 + line, sample.products() - 1);
analyze sample.sale, sample.sale_line;

insert into crm_team (sequence, company_id, name, active, alias_id, use_leads, use_opportunities, invoiced_target)
values (1, 1, sample.t('Sales', 'Ventes'), true, 1, true, true, 0);

insert into procurement_group (id, name, move_type, sale_id, partner_id)
select sold, 'S' || lpad(n::text, 5, '0'), 'direct', n, partner from sample.sale where state = 'sale' order by sold;

insert into sale_order (id, company_id, partner_id, partner_invoice_id, partner_shipping_id, payment_term_id, pricelist_id,
    currency_id, user_id, team_id, create_uid, write_uid, access_token, name, state, client_order_ref, signed_by, invoice_status,
    note, currency_rate, amount_untaxed, amount_tax, amount_total, locked, require_signature, require_payment,
    create_date, date_order, signed_on, write_date, prepayment_percent, carrier_id, warehouse_id, procurement_group_id, picking_policy,
    delivery_status)
select s.n, 1, partner, invoiced, partner, 1 + s.household % 2, 1, 1, salesperson, 1, salesperson, salesperson,
    case when n % 3 = 0 then sample.uuid('order', n) end, 'S' || lpad(n::text, 5, '0'), s.state,
    case when n % 6 = 0 then m.family_name || ' / ' || sample.digits('reference', n, 5) end,
    case when n % 8 = 1 then m.name end, case s.state when 'sale' then 'invoiced' else 'no' end,
    case when n % 9 = 0 then '<p>Deliver to ' || m.name || ', ' || m.street || ', ' || m.city || ', call ' || m.phone_number || '</p>' end,
    1, untaxed, round(untaxed * 0.2, 2), untaxed + round(untaxed * 0.2, 2), false, true, false, at, at,
    case when n % 8 = 1 then at end, at, 1, 1 + s.household % 3, 1, sold, 'direct',
    case when sold % 20 > 1 then 'full' when sold is not null then 'pending' end
from sample.sale s
join (select n, sum(subtotal) as untaxed from sample.sale_line group by n) t using (n)
join sample.member m on m.id = s.partner
order by n;

insert into sale_order_line (id, order_id, sequence, company_id, currency_id, order_partner_id, salesman_id, product_id,
    product_uom, create_uid, write_uid, state, qty_delivered_method, invoice_status, name, product_uom_qty, price_unit,
    discount, price_subtotal, price_total, price_reduce_taxexcl, price_reduce_taxinc, qty_delivered, qty_invoiced,
    qty_to_invoice, is_downpayment, is_expense, create_date, write_date, technical_price_unit, price_tax, customer_lead,
    is_delivery, warehouse_id)
select id, n, line * 10, 1, 1, partner, salesperson, product, 1, 2, 2, state, 'stock_move',
    case state when 'sale' then 'invoiced' else 'no' end, title, quantity, price, 0, subtotal,
    round(subtotal * 1.2, 2), price, round(price * 1.2, 2), case delivery when 'done' then quantity else 0 end,
    case state when 'sale' then quantity else 0 end, 0, false, false, at, at, price, round(subtotal * 0.2, 2), 0, false, 1
from sample.sale_line order by id;

-- Purchases: one order in twenty partners, four lines each, all received.
create unlogged table sample.purchase as
select n, sample.supplier(n) as partner, sample.now() - interval '1 hour' * (30 + n) as at
from generate_series(1, greatest(5, sample.partners() / 20)) n;

create unlogged table sample.purchase_line as
select row_number() over (order by n, line) as id, n, line, partner, at, p.id as product, p.name ->> 'en_US' as title,
    round(p.list_price * 0.6, 2) as price, 20 + sample.draw('purchased', n * 4 + line, 40) as quantity,
    round(p.list_price * 0.6, 2) * (20 + sample.draw('purchased', n * 4 + line, 40)) as subtotal
from sample.purchase, generate_series(0, 3) line, product_template p
where p.id = 2 + sample.draw('bought', n * 4 + line, sample.products() - 1);

insert into purchase_order (id, partner_id, currency_id, invoice_count, user_id, company_id, create_uid, write_uid, name, partner_ref,
    state, invoice_status, notes, amount_untaxed, amount_tax, amount_total, currency_rate, date_order, date_approve, date_planned,
    create_date, picking_type_id, receipt_status)
select n, partner, 1, 1, 7, 1, 7, 7, 'P' || lpad(n::text, 5, '0'), m.family_name || '-' || sample.digits('quote', n, 6), 'purchase', 'invoiced',
    '<p>Confirmed by ' || m.given_name || ' ' || m.family_name || ' (' || m.address || ')</p>', untaxed, round(untaxed * 0.2, 2),
    untaxed + round(untaxed * 0.2, 2), 1, at, at, at, at, 1, 'full'
from sample.purchase
join (select n, sum(subtotal) as untaxed from sample.purchase_line group by n) t using (n)
join sample.member m on m.id = partner
order by n;

insert into purchase_order_line (id, sequence, product_uom, product_id, order_id, company_id, partner_id, currency_id, state,
    qty_received_method, name, product_qty, discount, price_unit, price_subtotal, price_total, qty_invoiced, qty_received,
    is_downpayment, date_planned, create_date, product_uom_qty, price_tax, propagate_cancel)
select id, line, 1, product, n, 1, partner, 1, 'purchase', 'stock_moves', title, quantity, 0, price, subtotal,
    round(subtotal * 1.2, 2), quantity, quantity, false, at, at, quantity, round(subtotal * 0.2, 2), true
from sample.purchase_line order by id;

-- Receipts come first, deliveries after them.
insert into stock_picking (id, location_id, location_dest_id, picking_type_id, partner_id, company_id, user_id, name, origin,
    move_type, state, priority, scheduled_date, date, date_done, create_date, write_date, is_locked, create_uid)
select n, 4, 8, 1, partner, 1, 7, 'WH/IN/' || lpad(n::text, 5, '0'), 'P' || lpad(n::text, 5, '0'), 'direct', 'done', '0', at, at, at, at, at, true, 7
from sample.purchase order by n;

insert into stock_picking (id, location_id, location_dest_id, picking_type_id, partner_id, company_id, group_id, name, origin,
    move_type, state, priority, note, scheduled_date, date, date_done, create_date, write_date, is_locked, sale_id, carrier_id,
    carrier_tracking_ref, create_uid)
select purchases + sold, 8, 5, 2, s.partner, 1, sold, 'WH/OUT/' || lpad(sold::text, 5, '0'), 'S' || lpad(n::text, 5, '0'), 'direct', progress, '0',
    case when sold % 12 = 0 then '<p>Ring at ' || m.family_name || ', ' || m.phone_number || '</p>' end,
    at, at, case progress when 'done' then at end, at, at, true, n, 1 + s.household % 3,
    case when progress = 'done' then sample.digits('parcel', sold, 14) end, 2
from (select count(*) from sample.purchase) x (purchases), sample.sale s,
lateral (select case when sold % 20 > 1 then 'done' when sold % 20 = 0 then 'assigned' else 'confirmed' end) d (progress),
sample.member m
where sold is not null and m.id = s.partner
order by sold;

insert into stock_move (company_id, product_id, product_uom, location_id, location_dest_id, partner_id, picking_id, group_id,
    picking_type_id, warehouse_id, create_uid, name, state, origin, procure_method, reference, product_qty, product_uom_qty,
    quantity, picked, is_inventory, date, create_date, write_date, price_unit, purchase_line_id, sale_line_id)
select 1, product, 1, source, target, partner, picking, sold, type, 1, 2, title, state, origin, 'make_to_stock', reference,
    quantity, quantity, case when state in ('done', 'assigned') then quantity else 0 end, state = 'done', picking is null,
    at, at, at, price, purchase_line, sale_line
from (
    select 1 as part, id, id as product, 6 as source, 8 as target, null::int as partner, null::int as picking,
        null::int as sold, null::int as type, 'Opening inventory' as title, 'done' as state, null as origin,
        'Opening inventory' as reference, 1500 + sample.draw('opening', id, 1000) as quantity,
        sample.now() - interval '701 days' as at, 0 as price, null::int as purchase_line, null::int as sale_line
    from product_product where id > 1
    union all
    select 2, id, product, 4, 8, partner, n, null, 1, title, 'done', 'P' || lpad(n::text, 5, '0'), 'WH/IN/' || lpad(n::text, 5, '0'),
        quantity, at, price, id, null
    from sample.purchase_line
    union all
    select 3, id, product, 8, 5, partner, purchases + sold, sold, 2, title, delivery, 'S' || lpad(n::text, 5, '0'),
        'WH/OUT/' || lpad(sold::text, 5, '0'), quantity, at, price, null, id
    from (select count(*)::int from sample.purchase) x (purchases), sample.sale_line
    where sold is not null
) m
order by part, id;

insert into stock_move_line (picking_id, move_id, company_id, product_id, product_uom_id, lot_id, location_id, location_dest_id,
    state, reference, quantity, quantity_product_uom, picked, date, create_date, carrier_id)
select picking_id, id, 1, product_id, 1, case when product_id % 10 = 0 then product_id end, location_id, location_dest_id, state,
    reference, quantity, quantity, picked, date, create_date, null
from stock_move where state in ('done', 'assigned') order by id;

insert into stock_quant (product_id, company_id, location_id, lot_id, quantity, reserved_quantity, inventory_quantity_set, in_date,
    create_date)
select product_id, case when location_id in (4, 5) then null else 1 end, location_id, lot_id, sum(quantity), sum(reserved), false,
    min(date), min(date)
from (
    select product_id, location_dest_id as location_id, lot_id, quantity, 0 as reserved, date from stock_move_line where state = 'done'
    union all
    select product_id, location_id, lot_id, case state when 'done' then -quantity else 0 end,
        case state when 'assigned' then quantity else 0 end, date
    from stock_move_line
) m
group by product_id, location_id, lot_id
order by product_id, location_id;
