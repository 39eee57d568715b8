create function sample.products() returns int language sql immutable
    return greatest(40, sample.partners() / 50);

insert into product_category (name, complete_name, parent_path, parent_id)
values ('Goods', 'Goods', '1/', null), ('Tools', 'Goods / Tools', '1/2/', 1),
    ('Garden', 'Goods / Garden', '1/3/', 1), ('Kitchen', 'Goods / Kitchen', '1/4/', 1);

insert into product_pricelist (sequence, currency_id, company_id, name, active)
values (1, 1, 1, sample.t('Default', 'Par défaut'), true);

insert into product_template (id, sequence, categ_id, uom_id, uom_po_id, create_uid, write_uid, type, service_tracking,
    default_code, name, description_sale, list_price, weight, volume, sale_ok, purchase_ok, active, create_date,
    write_date, tracking, is_storable, purchase_method, purchase_line_warn, sale_line_warn, expense_policy,
    invoice_policy, service_type)
select n, 1, 2 + n % 3, 1, 1, 2, 2, case when n = 1 then 'service' else 'consu' end, 'no', 'ACM-' || lpad(n::text, 5, '0'),
    case when n = 1 then sample.t('Delivery', 'Livraison')
        else jsonb_build_object('en_US', material || ' ' || thing || ' no. ' || n, 'fr_FR', 'Article ' || n || ', ' || thing) end,
    null, 4 + sample.draw('price', n, 9500) / 100.0, 0.2 + sample.draw('weight', n, 400) / 100.0, 0.01, true, n > 1, true,
    sample.now(), sample.now(), case when n % 10 = 0 then 'lot' else 'none' end, n > 1, 'receive', 'no-message',
    'no-message', 'no', case when n = 1 then 'order' else 'delivery' end, 'manual'
from generate_series(1, sample.products()) n,
lateral (select sample.pick('material', n, '{Ash,Brass,Copper,Enamel,Linen,Slate,Steel,Willow}'),
    sample.pick('thing', n, '{bucket,hinge,lantern,ladle,planter,shears,trowel,trivet}')) x (material, thing);

insert into product_product (id, product_tmpl_id, create_uid, write_uid, default_code, barcode, combination_indices,
    standard_price, volume, weight, active, create_date, write_date)
select id, id, 2, 2, default_code, '0499' || lpad(id::text, 9, '0'), '',
    jsonb_build_object('1', round(list_price * 0.6, 2)), volume, weight, true, create_date, write_date
from product_template order by id;

insert into product_supplierinfo (partner_id, sequence, company_id, currency_id, product_tmpl_id, delay, product_code,
    min_qty, price)
select supplier, 1, 1, 1, t.id, 3, 'S' || t.id, 10, round(t.list_price * 0.6, 2)
from product_template t, lateral (select sample.supplier(t.id)) x (supplier)
where t.id > 1
order by t.id;

insert into stock_location (id, location_id, company_id, name, complete_name, usage, parent_path, barcode, active,
    scrap_location, replenish_location, create_date)
values (1, null, null, 'Physical Locations', 'Physical Locations', 'view', '1/', null, true, false, false, sample.now()),
    (2, null, null, 'Partners', 'Partners', 'view', '2/', null, true, false, false, sample.now()),
    (3, null, null, 'Virtual Locations', 'Virtual Locations', 'view', '3/', null, true, false, false, sample.now()),
    (4, 2, null, 'Vendors', 'Partners/Vendors', 'supplier', '2/4/', null, true, false, false, sample.now()),
    (5, 2, null, 'Customers', 'Partners/Customers', 'customer', '2/5/', null, true, false, false, sample.now()),
    (6, 3, 1, 'Inventory adjustment', 'Virtual Locations/Inventory adjustment', 'inventory', '3/6/', null, true, false, false, sample.now()),
    (7, 1, 1, 'WH', 'WH', 'view', '1/7/', null, true, false, false, sample.now()),
    (8, 7, 1, 'Stock', 'WH/Stock', 'internal', '1/7/8/', 'WH-STOCK', true, false, true, sample.now()),
    (9, 7, 1, 'Input', 'WH/Input', 'internal', '1/7/9/', 'WH-INPUT', true, false, false, sample.now()),
    (10, 7, 1, 'Output', 'WH/Output', 'internal', '1/7/10/', 'WH-OUTPUT', true, false, false, sample.now()),
    (11, 3, 1, 'Scrap', 'Virtual Locations/Scrap', 'inventory', '3/11/', null, true, true, false, sample.now()),
    (12, 8, 1, 'Shelf A', 'WH/Stock/Shelf A', 'internal', '1/7/8/12/', 'WH-A', true, false, false, sample.now());

insert into ir_sequence (id, name, code, implementation, prefix, padding, number_next, number_increment, active,
    use_date_range, company_id)
values (1, 'Sales Order', 'sale.order', 'standard', 'S', 5, 1, 1, true, false, null),
    (2, 'Purchase Order', 'purchase.order', 'standard', 'P', 5, 1, 1, true, false, null),
    (3, 'Deliveries', null, 'standard', 'WH/OUT/', 5, 1, 1, true, false, 1),
    (4, 'Receipts', null, 'standard', 'WH/IN/', 5, 1, 1, true, false, 1),
    (5, 'Internal transfers', null, 'standard', 'WH/INT/', 5, 1, 1, true, false, 1),
    (6, 'Procurement group', 'procurement.group', 'standard', 'PG/', 6, 1, 1, true, false, null),
    (7, 'Payment', 'account.payment', 'no_gap', 'PAY', 5, 1, 1, true, false, 1);

insert into stock_warehouse (company_id, partner_id, view_location_id, lot_stock_id, wh_input_stock_loc_id,
    wh_output_stock_loc_id, name, code, reception_steps, delivery_steps, active, sequence, buy_to_resupply)
values (1, 1, 7, 8, 9, 10, 'Main warehouse', 'WH', 'one_step', 'ship_only', true, 10, true);

insert into stock_picking_type (id, sequence, sequence_id, default_location_src_id, default_location_dest_id, warehouse_id,
    company_id, sequence_code, code, reservation_method, create_backorder, move_type, name, active, use_create_lots,
    use_existing_lots)
values (1, 1, 4, 4, 8, 1, 1, 'IN', 'incoming', 'at_confirm', 'ask', 'direct', sample.t('Receipts', 'Réceptions'), true, true, false),
    (2, 2, 3, 8, 5, 1, 1, 'OUT', 'outgoing', 'at_confirm', 'ask', 'direct', sample.t('Deliveries', 'Livraisons'), true, false, true),
    (3, 3, 5, 8, 8, 1, 1, 'INT', 'internal', 'at_confirm', 'ask', 'direct', sample.t('Transfers', 'Transferts'), true, false, true);

update stock_warehouse set in_type_id = 1, out_type_id = 2, int_type_id = 3;

insert into stock_route (sequence, company_id, name, active, warehouse_selectable)
values (1, 1, sample.t('Ship from stock', 'Expédier du stock'), true, true);

insert into stock_rule (sequence, company_id, location_dest_id, location_src_id, route_id, picking_type_id, delay,
    warehouse_id, action, procure_method, auto, name, active)
values (1, 1, 5, 8, 1, 2, 0, 1, 'pull', 'make_to_stock', 'manual', sample.t('WH: Stock to Customers', 'WH : stock vers clients'), true);

insert into stock_lot (id, product_id, product_uom_id, company_id, name, ref, create_date)
select id, id, 1, 1, 'LOT-' || lpad(id::text, 5, '0'), sample.token('lot', id)::varchar(12), sample.now()
from product_product where id % 10 = 0;
