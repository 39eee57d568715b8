insert into account_account (id, account_type, name, code_store, reconcile, deprecated, non_trade, create_date)
select ordinality, kind, sample.t(name, name), jsonb_build_object('1', code), kind like '%able', false, false, sample.now()
from rows from (unnest(
    array['101000', '102000', '411000', '445710', '445660', '512000', '512100', '401000', '707000', '607000', '471000', '110000'],
    array['asset_cash', 'equity', 'asset_receivable', 'liability_current', 'asset_current', 'asset_cash', 'asset_current',
        'liability_payable', 'income', 'expense', 'asset_current', 'asset_current'],
    array['Cash desk', 'Capital', 'Customers', 'Tax collected', 'Tax paid', 'Bank', 'Outstanding receipts', 'Vendors',
        'Sales of goods', 'Purchases of goods', 'Bank suspense', 'Stock'])) with ordinality x (code, kind, name, ordinality);

insert into account_account_res_company_rel (account_account_id, res_company_id) select id, 1 from account_account;

insert into account_journal (id, default_account_id, suspense_account_id, sequence, company_id, bank_account_id, code, type,
    invoice_reference_type, invoice_reference_model, bank_statements_source, name, active, show_on_dashboard)
select ordinality, account, case type when 'bank' then 11 end, ordinality, 1, case type when 'bank' then 1 end, code, type,
    'invoice', 'odoo', 'undefined', sample.t(name, name), true, true
from rows from (unnest(array[9, 10, 6, null], array['INV', 'BILL', 'BNK1', 'MISC'], array['sale', 'purchase', 'bank', 'general'],
    array['Customer invoices', 'Vendor bills', 'Bank', 'Miscellaneous'])) with ordinality x (account, code, type, name, ordinality);

insert into account_payment_term (company_id, sequence, name, active, display_on_invoice, early_discount,
    discount_percentage, early_pay_discount_computation)
values (1, 1, sample.t('Immediate', 'Immédiat'), true, true, false, 0, 'included'),
    (1, 2, sample.t('30 days', '30 jours'), true, true, false, 0, 'included');

insert into account_tax_group (sequence, company_id, country_id, name) values (1, 1, 1, sample.t('VAT 20%', 'TVA 20 %'));

insert into account_tax (id, company_id, sequence, tax_group_id, country_id, type_tax_use, amount_type, tax_exigibility, name,
    invoice_label, amount, active, include_base_amount, is_base_affected)
values (1, 1, 1, 1, 1, 'sale', 'percent', 'on_invoice', sample.t('20% collected', '20 % collectée'), sample.t('20%', '20 %'), 20, true, false, true),
    (2, 1, 2, 1, 1, 'purchase', 'percent', 'on_invoice', sample.t('20% deductible', '20 % déductible'), sample.t('20%', '20 %'), 20, true, false, true);

insert into account_tax_repartition_line (id, account_id, tax_id, company_id, sequence, repartition_type, document_type,
    factor_percent, use_in_tax_closing)
values (1, null, 1, 1, 1, 'base', 'invoice', 100, false), (2, 4, 1, 1, 2, 'tax', 'invoice', 100, true),
    (3, null, 2, 1, 1, 'base', 'invoice', 100, false), (4, 5, 2, 1, 2, 'tax', 'invoice', 100, true);

insert into product_taxes_rel (prod_id, tax_id) select id, 1 from product_template;

insert into account_payment_method (code, payment_type, name)
values ('manual', 'inbound', sample.t('Manual', 'Manuel')), ('manual', 'outbound', sample.t('Manual', 'Manuel'));

insert into account_payment_method_line (payment_method_id, journal_id, payment_account_id, name, sequence)
values (1, 3, 7, 'Manual', 10), (2, 3, 7, 'Manual', 10);

-- Every entry is planned here, so that the lines below can only agree with it.
create unlogged table sample.entry as
with planned as (
    select 'out_invoice' as type, sold as n, s.n as source, partner, invoiced, at + interval '1 day' as at,
        case when sold % 40 = 7 then 'draft' else 'posted' end as state, untaxed, round(untaxed * 0.2, 2) as tax,
        sold % 6 = 0 as paid, 'S' || lpad(s.n::text, 5, '0') as origin
    from sample.sale s
    join (select n, sum(subtotal) as untaxed from sample.sale_line where sold is not null group by n) t using (n)
    union all
    select 'in_invoice', n, n, partner, partner, at + interval '2 days', 'posted', untaxed, round(untaxed * 0.2, 2), false,
        'P' || lpad(n::text, 5, '0')
    from sample.purchase
    join (select n, sum(subtotal) as untaxed from sample.purchase_line group by n) t using (n)
)
select row_number() over (order by type desc, n) as id, *, untaxed + tax as total, at::date as day,
    row_number() over (partition by type, state, extract(year from at) order by at, n) as number
from planned;
alter table sample.entry add primary key (id);

create unlogged table sample.settlement as
select row_number() over (order by id) as n, entries + row_number() over (order by id) as id, e.id as invoice, invoiced as partner,
    total, day + 9 as day
from (select count(*) from sample.entry) x (entries), sample.entry e
where paid and state = 'posted' and type = 'out_invoice';
analyze sample.entry, sample.settlement;

insert into account_move (id, sequence_prefix, sequence_number, journal_id, company_id, invoice_payment_term_id, partner_id,
    commercial_partner_id, partner_shipping_id, partner_bank_id, currency_id, invoice_user_id, create_uid, write_uid, access_token,
    name, ref, state, move_type, auto_post, payment_reference, payment_state, invoice_source_email, invoice_partner_display_name,
    invoice_origin, date, invoice_date, invoice_date_due, delivery_date, narration, invoice_currency_rate, amount_untaxed,
    amount_tax, amount_total, amount_residual, amount_untaxed_signed, amount_untaxed_in_currency_signed, amount_tax_signed,
    amount_total_signed, amount_total_in_currency_signed, amount_residual_signed, is_storno, checked, posted_before,
    is_move_sent, create_date, write_date, team_id)
select e.id, book || year || '/', case e.state when 'posted' then number end, journal, 1, 2, e.invoiced, coalesce(m.parent, m.id), e.partner,
    case type when 'out_invoice' then 1 end, 1, 7, 2, 2, case when e.id % 3 = 0 then sample.uuid('invoice', e.id) end,
    label, case type when 'in_invoice' then m.family_name || '-' || sample.digits('bill', e.id, 6) end, e.state, type, 'no',
    case when type = 'out_invoice' then label end,
    case when e.state = 'posted' and paid then 'paid' else 'not_paid' end, case when type = 'in_invoice' then m.address end,
    coalesce(m.company || ', ', '') || m.name, origin, day, day, day + 30, day,
    case when e.id % 15 = 0 then '<p>Dear ' || m.name || ', questions? Write to ' || m.address || '.</p>' end, 1,
    untaxed, tax, total, residual, sign * untaxed, sign * untaxed, sign * tax, sign * total, sign * total, sign * residual,
    false, true, e.state = 'posted', e.state = 'posted', at, at, case type when 'out_invoice' then 1 end
from sample.entry e
join sample.member m on m.id = e.invoiced,
lateral (select extract(year from day)::text, case type when 'out_invoice' then 'INV/' else 'BILL/' end,
    case type when 'out_invoice' then 1 else 2 end, case type when 'out_invoice' then 1 else -1 end,
    case when paid and e.state = 'posted' then 0 else total end) x (year, book, journal, sign, residual),
lateral (select case when e.state = 'posted' then book || year || '/' || lpad(number::text, 5, '0') else '/' end) y (label)
order by e.id;

insert into account_payment (id, journal_id, company_id, payment_method_line_id, payment_method_id, currency_id, partner_id,
    outstanding_account_id, destination_account_id, name, state, payment_type, partner_type, memo, date, amount,
    amount_company_currency_signed, is_reconciled, is_matched, is_sent, create_uid, create_date)
select s.n, 3, 1, 1, 1, 1, s.partner, 7, 3, 'PBNK1/' || lpad(s.n::text, 5, '0'), 'paid', 'inbound', 'customer',
    i.name || ' ' || m.name, s.day, s.total, s.total, true, false, false, 2, s.day
from sample.settlement s
join account_move i on i.id = s.invoice
join sample.member m on m.id = s.partner
order by s.n;

insert into account_move (id, sequence_prefix, sequence_number, journal_id, company_id, partner_id, commercial_partner_id,
    currency_id, create_uid, name, ref, state, move_type, auto_post, payment_state, date, amount_untaxed, amount_tax, amount_total,
    amount_residual, amount_untaxed_signed, amount_tax_signed, amount_total_signed, amount_residual_signed, is_storno, checked,
    posted_before, origin_payment_id, create_date)
select s.id, 'PBNK1/', s.n, 3, 1, s.partner, coalesce(m.parent, m.id), 1, 2, p.name, p.memo, 'posted', 'entry', 'no', 'not_paid', s.day,
    0, 0, s.total, 0, 0, 0, s.total, 0, false, true, true, s.n, s.day
from sample.settlement s
join account_payment p on p.id = s.n
join sample.member m on m.id = s.partner
order by s.id;

update account_payment p set move_id = s.id from sample.settlement s where s.n = p.id;

insert into account_move__account_payment (invoice_id, payment_id) select invoice, n from sample.settlement;

insert into account_move_line (move_id, journal_id, company_id, company_currency_id, sequence, account_id, currency_id,
    partner_id, payment_id, tax_line_id, tax_group_id, tax_repartition_line_id, product_id, product_uom_id, create_uid, move_name, parent_state,
    ref, name, display_type, date, invoice_date, date_maturity, debit, credit, balance, amount_currency, tax_base_amount,
    amount_residual, amount_residual_currency, quantity, price_unit, price_subtotal, price_total, discount, is_imported,
    reconciled, full_reconcile_id, matching_number, create_date, purchase_line_id)
select l.move, a.journal_id, 1, 1, rank, account, 1, a.commercial_partner_id, a.origin_payment_id, case rank when 50 then tax end,
    case rank when 50 then 1 end, case rank when 50 then tax * 2 end, l.product, case when l.product is not null then 1 end, 2, a.name, a.state, a.ref,
    coalesce(l.title, case when rank = 50 then '20%' else a.payment_reference end, a.ref), display, a.date, a.invoice_date, a.invoice_date_due,
    greatest(balance, 0), greatest(-balance, 0), balance, balance, case rank when 50 then a.amount_untaxed end,
    case when rank = 60 and settled is null then balance else 0 end, case when rank = 60 and settled is null then balance else 0 end,
    l.quantity, l.price, abs(case when rank < 50 then balance end), abs(case when rank < 50 then round(balance * 1.2, 2) end), 0, false,
    settled is not null, settled, settled::text, a.create_date, purchase
from (
    select e.id as move, 10 + line as rank, 9 as account, 1 as tax, 'product' as display, l.product, l.title, l.quantity, l.price,
        -l.subtotal as balance, null::bigint as settled, null::bigint as purchase
    from sample.entry e join sample.sale_line l on l.n = e.source where e.type = 'out_invoice'
    union all
    select e.id, 10 + line, 10, 2, 'product', l.product, l.title, l.quantity, l.price, l.subtotal, null, l.id
    from sample.entry e join sample.purchase_line l on l.n = e.source where e.type = 'in_invoice'
    union all
    select id, 50, case type when 'out_invoice' then 4 else 5 end, case type when 'out_invoice' then 1 else 2 end, 'tax', null, null, null, null,
        case type when 'out_invoice' then -tax else tax end, null, null
    from sample.entry
    union all
    select e.id, 60, case type when 'out_invoice' then 3 else 8 end, null, 'payment_term', null, null, null, null,
        case type when 'out_invoice' then e.total else -e.total end, s.n, null
    from sample.entry e left join sample.settlement s on s.invoice = e.id
    union all
    select id, 30, 7, null, 'product', null, null, null, null, total, null, null from sample.settlement
    union all
    select id, 60, 3, null, 'payment_term', null, null, null, null, -total, n, null from sample.settlement
) l
join account_move a on a.id = l.move
order by l.move, rank;

insert into account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
select id, case journal_id when 1 then 1 else 2 end from account_move_line where product_id is not null;

insert into sale_order_line_invoice_rel (invoice_line_id, order_line_id)
select l.id, s.id
from account_move_line l
join sample.entry e on e.id = l.move_id and e.type = 'out_invoice'
join sample.sale_line s on s.n = e.source and s.line = l.sequence - 10
where l.display_type = 'product';

insert into account_full_reconcile (id, create_uid, create_date) select n, 2, day from sample.settlement order by n;

insert into account_partial_reconcile (debit_move_id, credit_move_id, full_reconcile_id, debit_currency_id, credit_currency_id,
    company_id, max_date, amount, debit_amount_currency, credit_amount_currency, create_date)
select d.id, c.id, s.n, 1, 1, 1, s.day, s.total, s.total, s.total, s.day
from sample.settlement s
join account_move_line d on d.move_id = s.invoice and d.display_type = 'payment_term'
join account_move_line c on c.move_id = s.id and c.display_type = 'payment_term'
order by s.n;

-- One settlement in four is on a bank statement; such a line has an entry of its own.
create unlogged table sample.bank_line as
select s.n, last + row_number() over (order by s.n) as id, s.partner, s.total, s.day + 2 as day,
    'BNK1/' || lpad((row_number() over (order by s.n))::text, 5, '0') as entry
from (select max(id) from account_move) x (last), sample.settlement s
where s.n % 4 = 0;

insert into account_move (id, sequence_prefix, sequence_number, journal_id, company_id, partner_id, currency_id, create_uid,
    name, ref, state, move_type, auto_post, payment_state, date, amount_total, amount_total_signed, is_storno, checked,
    posted_before, create_date)
select id, 'BNK1/', right(entry, 5)::int, 3, 1, partner, 1, 2, entry, entry, 'posted', 'entry', 'no', 'not_paid', day, total,
    total, false, true, true, day
from sample.bank_line order by id;

insert into account_bank_statement (id, company_id, journal_id, name, reference, date, balance_start, balance_end,
    balance_end_real, is_complete, create_date)
select 1, 1, 3, 'Statement 1', 'camt-1.xml', max(day), 0, sum(total), sum(total), true, max(day) from sample.bank_line;

insert into account_bank_statement_line (id, move_id, journal_id, company_id, statement_id, sequence, partner_id, currency_id,
    account_number, partner_name, payment_ref, internal_index, transaction_details, amount, amount_currency, amount_residual,
    is_reconciled, create_date)
select row_number() over (order by l.id), l.id, 3, 1, 1, 1, m.id, 1, account, upper(m.name), 'Transfer from ' || m.name || ', thank you', to_char(day, 'YYYYMMDD')
    || lpad(l.id::text, 10, '0'), jsonb_build_object('debtor', m.name, 'account', account, 'address', m.street || ', ' || m.city),
    total, 0, 0, true, day
from sample.bank_line l
join sample.member m on m.id = l.partner,
lateral (select sample.iban(m.country, m.id)) x (account)
order by l.id;

update account_move m set statement_line_id = l.id from account_bank_statement_line l where l.move_id = m.id;

insert into account_move_line (move_id, journal_id, company_id, company_currency_id, sequence, account_id, currency_id,
    partner_id, statement_line_id, statement_id, move_name, parent_state, ref, name, display_type, date, debit, credit, balance,
    amount_currency, amount_residual, amount_residual_currency, is_imported, reconciled, create_date)
select l.move_id, 3, 1, 1, 10, account, 1, l.partner_id, l.id, 1, m.name, 'posted', m.ref, l.payment_ref, 'product', m.date,
    greatest(balance, 0), greatest(-balance, 0), balance, balance, 0, 0, false, false, m.create_date
from account_bank_statement_line l
join account_move m on m.id = l.move_id,
lateral (values (6, l.amount), (7, -l.amount)) x (account, balance)
order by l.id, account;
