-- Serial columns were given explicit numbers: put every sequence behind the highest.
do $$
declare
    owned record;
begin
    for owned in
        select s.oid::regclass as sequence, t.oid::regclass as home
        from pg_class s
        join pg_depend d on d.objid = s.oid and d.deptype = 'a'
        join pg_class t on t.oid = d.refobjid
        where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace
    loop
        execute format('select setval(%L, coalesce((select max(id) from %s), 1), exists (select from %s))',
            owned.sequence, owned.home, owned.home);
    end loop;
end $$;

-- Odoo draws from a sequence of PostgreSQL for each of its own whose implementation is "standard".
do $$
declare
    standard record;
begin
    for standard in
        select 'ir_sequence_' || lpad(id::text, 3, '0') as name,
            1 + case id
                when 1 then (select count(*) from sale_order)
                when 2 then (select count(*) from purchase_order)
                when 3 then (select count(*) from stock_picking where picking_type_id = 2)
                when 4 then (select count(*) from stock_picking where picking_type_id = 1)
                else 0 end as next
        from ir_sequence where implementation = 'standard'
    loop
        execute format('create sequence %I start with %s', standard.name, standard.next);
    end loop;
end $$;

update ir_sequence set number_next = 1 + (select count(*) from account_payment) where implementation = 'no_gap';

update ir_model_data set create_date = sample.now(), write_date = sample.now();

drop schema sample cascade;
set default_statistics_target = 10;
analyze;
