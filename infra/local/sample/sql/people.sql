-- The first 28 partners are the company, the technical users and 22 employees. After them, in fours:
-- a company, two of its contacts, and a private person of the same country.
create unlogged table sample.member as
with drawn as (
    select n, case when n > 28 then (n - 29) / 4 else 0 end as household,
        case when n = 1 then 'own' when n <= 6 then 'technical' when n <= 28 then 'employee'
            else (array['company', 'contact', 'contact', 'private'])[1 + (n - 29) % 4] end as kind
    from generate_series(1, sample.partners()) n
), placed as (
    select d.*, l.*,
        case when n <= 28 then l.given[1 + n % 20] else sample.pick('given', n, l.given) end as given_name,
        case when n <= 28 then l.family[1 + (n * 7 + n / 20) % 20] else sample.pick('family', n, l.family) end as family_name,
        sample.pick('owner', household, l.family) || ' ' || sample.pick('trade', household, l.trades)
            || ' ' || sample.pick('legal', household, l.legal) as firm,
        sample.slug(sample.pick('owner', household, l.family)) || '-' || household || '.example' as firm_domain
    from drawn d
    join sample.locale l on l.position = case when d.n <= 28 then 3 else 1 + sample.draw('locale', household, 5) end
), addressed as (
    select *,
        case kind when 'own' then 'Acme Distribution' when 'company' then firm
            when 'technical' then (array['System', 'Administrator', 'Public user', 'Default user template', 'Portal user template'])[n - 1]
            else given_name || ' ' || family_name end as name,
        case when kind in ('own', 'company') then 'office'
            when kind = 'technical' then (array['system', 'admin', 'public', 'default', 'portal'])[n - 1]
            else sample.slug(given_name) || '.' || sample.slug(family_name)
                || case when sample.draw('spelling', n, 20) = 9 then '+erp' else '' end
                || case when kind = 'private' then '.' || n else '' end end
            || '@' || case when n <= 28 then 'acme.example' when kind = 'private' then sample.pick('mail', n, mail)
                else firm_domain end as address,
        sample.fill(sample.pick('range', n, phones), 'phone', n) as phone_digits,
        sample.fill(sample.pick('mobiles', n, mobiles), 'mobile', n) as mobile_digits
    from placed
)
select n as id, household, kind, lang, country, name, address,
    case when kind in ('contact', 'company') then firm when n <= 28 then 'Acme Distribution' end as company,
    case kind when 'contact' then n - 1 - (n - 30) % 4 when 'employee' then 1 end as parent,
    given_name, family_name, dial,
    case when n <= 28 then address else case sample.draw('spelling', n, 20)
        when 0 then '"' || name || '" <' || address || '>'
        when 1 then address || ', accounts.' || address
        when 2 then address || ';copy.' || address
        when 3 then upper(address)
        when 4 then '  ' || address || ' '
        when 5 then 'mailto:' || address
        when 6 then initcap(address)
        when 7 then ''
        when 8 then null
        else address end end as email,
    case when n <= 28 or sample.draw('spelling', n, 20) not in (7, 8) then address end as email_normalized,
    case sample.draw('phone spelling', n, 8)
        when 0 then trunk || phone_digits
        when 1 then null
        when 2 then replace(dial || ' ' || regexp_replace(phone_digits, "grouping"[1], "grouping"[2]), ' ', U&'\00A0')
        when 3 then dial || ' (0)' || regexp_replace(phone_digits, "grouping"[1], "grouping"[2])
        when 4 then replace(dial || ' ' || regexp_replace(phone_digits, "grouping"[1], "grouping"[2]), ' ', '.')
        else dial || ' ' || regexp_replace(phone_digits, "grouping"[1], "grouping"[2]) end as phone,
    dial || phone_digits as phone_number,
    case when sample.draw('has mobile', n, 2) = 0 and kind <> 'company'
        then dial || ' ' || regexp_replace(mobile_digits, "grouping"[1], "grouping"[2]) end as mobile,
    replace(replace(address_format, '{number}', (1 + sample.draw('number', n, 180))::text), '{street}',
        sample.pick('street', n, streets)) as street,
    sample.pick('city', n, cities) as city, sample.fill(zip, 'zip', household) as zip
from addressed;
alter table sample.member add primary key (id);
analyze sample.member;

create function sample.supplier(n bigint) returns int language sql stable
    return 29 + 40 * sample.draw('supplier', n, greatest(1, (sample.partners() - 28) / 40));

insert into res_partner (id, company_id, create_date, name, title, parent_id, country_id, industry_id, color,
    commercial_partner_id, create_uid, write_uid, complete_name, ref, lang, tz, vat, company_registry, website,
    function, type, street, street2, zip, city, email, phone, mobile, commercial_company_name, barcode, comment,
    partner_latitude, partner_longitude, active, employee, is_company, partner_share, write_date,
    message_bounce, email_normalized, phone_sanitized, supplier_rank, customer_rank, invoice_warn,
    autopost_bills, property_account_payable_id, property_account_receivable_id, property_payment_term_id,
    picking_warn, peppol_endpoint, peppol_eas, purchase_warn, sale_warn, sale_warn_msg)
select m.id, null, created, m.name, case when kind in ('contact', 'private') then 1 + sample.draw('title', m.id, 2) end,
    parent, c.id, case when firm then 1 + sample.draw('industry', m.id, 3) end, 0,
    coalesce(parent, m.id), 2, 2,
    case when parent is not null then company || ', ' || m.name else m.name end,
    case when firm then 'C' || lpad(m.id::text, 6, '0') end, m.lang, 'Europe/Paris', number,
    case when firm then right(number, 9) end,
    case when firm and m.id > 1 then 'https://www.' || split_part(address, '@', 2) end,
    case when kind in ('contact', 'employee') then sample.pick('function', m.id,
        '{Buyer,Warehouse lead,Accountant,Sales representative,Managing director}') end,
    'contact', street, case when sample.draw('street2', m.id, 5) = 0 then 'c/o ' || given_name || ' ' || family_name end,
    zip, city, email, phone, mobile, company,
    case when sample.draw('barcode', m.id, 10) = 0 then jsonb_build_object('1', '04' || sample.digits('barcode', m.id, 10)) end,
    case when sample.draw('comment', m.id, 8) = 0 then '<p>Ask for ' || given_name || ' ' || family_name || ', '
        || coalesce(phone, phone_number) || ' or <a href="mailto:' || address || '">' || address || '</a>.</p>' end,
    round((40 + sample.draw('latitude', m.id, 200000) / 10000.0), 4), round((sample.draw('longitude', m.id, 200000) / 10000.0), 4),
    kind <> 'technical' or m.id = 3, kind = 'employee', firm, m.id > 28, created,
    0, email_normalized, case when phone is not null then phone_number end,
    (firm and household % 10 = 0 and m.id > 28)::int, (m.id > 28)::int, 'no-message', 'ask',
    jsonb_build_object('1', 8), jsonb_build_object('1', 3),
    case when firm then jsonb_build_object('1', 1 + sample.draw('term', m.id, 2)) end,
    'no-message', number, case m.country when 'FR' then '9957' when 'DE' then '9930' when 'GB' then '9932' when 'SE' then '9955' end,
    'no-message', case when sample.draw('warn', m.id, 50) = 0 then 'warning' else 'no-message' end,
    case when sample.draw('warn', m.id, 50) = 0 then 'Call ' || m.name || ' before shipping' end
from sample.member m
join res_country c on c.code = m.country,
lateral (select kind in ('own', 'company'), sample.now() - interval '1 hour' * (30000 - m.id)) a (firm, created),
lateral (select case when firm then sample.vat(m.country, m.household) end) b (number)
order by m.id;

insert into res_partner_res_partner_category_rel (category_id, partner_id)
select 1 + sample.draw('category', id, 3), id from sample.member where id % 7 = 0
order by id;

insert into res_bank (name, bic, email, phone, street, city, zip, country, active)
select name, bic, 'desk@' || sample.slug(name) || '.example', '+33 1 99 00 00 0' || ordinality, '1 place aux Herbes',
    'Montfleury', '99001', 1, true
from unnest(array['Banque du Vieux Port', 'Speicherbank', 'Weir & Lane Bank'], array['BVPOFR00', 'SPEIDE00', 'WEIRGB00'])
    with ordinality x (name, bic, ordinality)
order by ordinality;

insert into res_partner_bank (partner_id, bank_id, sequence, company_id, acc_number, sanitized_acc_number,
    acc_holder_name, active, allow_out_payment, aba_routing, has_iban_warning, has_money_transfer_warning, create_date)
select m.id, 1 + sample.draw('at bank', m.id, 3), 10, null,
    case when iban is null then account else trim(regexp_replace(iban, '(.{4})', '\1 ', 'g')) end,
    coalesce(iban, account), m.name, true, m.id = 1, case when iban is null then sample.digits('routing', m.id, 9) end,
    false, false, sample.now()
from sample.member m,
lateral (select sample.iban(m.country, m.id), sample.digits('account', m.id, 12)) x (iban, account)
where m.kind in ('own', 'company') or (m.kind = 'employee')
order by m.id;

insert into resource_calendar (company_id, name, tz, hours_per_day, active, two_weeks_calendar, full_time_required_hours)
values (1, 'Standard 38 hours', 'Europe/Paris', 7.6, true, false, 38);

insert into res_company (name, partner_id, currency_id, sequence, parent_path, email, phone, layout_background,
    report_footer, company_details, active, resource_calendar_id, fiscalyear_last_day, account_opening_date,
    fiscalyear_last_month, account_price_include, po_lead, security_lead, quotation_validity_days, alias_domain_id,
    alias_domain_name, create_date, hr_presence_control_ip_list)
select name, 1, 1, 1, '1/', email, phone, 'Blank',
    sample.t(phone_number || ' ' || address, phone_number || ' ' || address),
    sample.t('<p>' || name || '<br>' || street || '</p>', '<p>' || name || '<br>' || street || '</p>'),
    true, 1, 31, '2020-01-01', '12', 'tax_excluded', 0, 0, 30, 1, 'acme.example', sample.now(), '192.0.2.10'
from sample.member where id = 1;

-- User 1 is the system, 2 the administrator, 3 to 5 templates; then employees, then customers of the portal.
create unlogged table sample.account as
select row_number() over (order by id) as id, id as partner,
    case when kind = 'technical' then (array['__system__', 'admin', 'public', 'default', 'portaltemplate'])[id - 1] else address end as login,
    kind
from sample.member
where kind in ('technical', 'employee') or (kind = 'contact' and id % 200 = 30)
order by id;

insert into res_users (id, company_id, partner_id, active, create_date, login, password, create_uid, write_uid, signature,
    share, write_date, totp_secret, notification_type, odoobot_state, oauth_provider_id, oauth_uid, oauth_access_token,
    microsoft_calendar_rtoken, microsoft_calendar_token, karma)
select a.id, 1, a.partner, a.id = 2 or a.kind <> 'technical', sample.now(), a.login,
    case when a.kind <> 'technical' or a.id = 2 then sample.password_hash(a.id) end, 1, 1,
    '<p>-- <br>' || m.name || ', ' || m.phone_number || '</p>',
    a.kind = 'contact', sample.now(), case when a.kind = 'employee' and a.id % 3 = 0 then upper(left(sample.token('totp', a.id), 32)) end,
    'email', 'onboarding_emoji', case when a.kind = 'employee' and a.id % 5 = 0 then 1 end,
    case when a.kind = 'employee' and a.id % 5 = 0 then sample.digits('oauth', a.id, 15) end,
    case when a.kind = 'employee' and a.id % 5 = 0 then sample.secret('ya29.', 'oauth', a.id) end,
    case when a.kind = 'employee' and a.id % 7 = 0 then sample.secret('0.A', 'mscal refresh', a.id) end,
    case when a.kind = 'employee' and a.id % 7 = 0 then sample.secret('Ew', 'mscal', a.id) end, 0
from sample.account a join sample.member m on m.id = a.partner
order by a.id;

insert into res_company_users_rel (cid, user_id) select 1, id from res_users;

insert into res_groups_users_rel (gid, uid)
select case kind when 'employee' then 1 when 'contact' then 2 when 'technical' then 3 end, id from sample.account
union all
select 4 + id % 4, id from sample.account where kind = 'employee';

insert into res_users_log (create_uid, create_date)
select id, sample.now() - interval '1 hour' * id from sample.account where kind = 'employee'
order by id;

insert into res_users_settings (user_id, calendar_default_privacy, google_calendar_rtoken, google_calendar_token,
    google_calendar_sync_token, google_calendar_cal_id, google_synchronization_stopped, microsoft_calendar_sync_token,
    microsoft_synchronization_stopped)
select id, 'public', sample.secret('1//', 'gcal refresh', id), sample.secret('ya29.', 'gcal', id),
    sample.secret('CP', 'gcal sync', id), login, false, sample.secret('ms', 'mscal sync', id), false
from sample.account where kind = 'employee' and id % 4 = 0
order by id;

insert into res_users_apikeys (name, user_id, scope, index, key, create_date)
select 'Warehouse scanner ' || id, id, 'rpc', left(sample.token('apikey', id), 8), sample.password_hash(1000 + id), sample.now()
from sample.account where kind = 'employee' and id % 6 = 0
order by id;

insert into auth_totp_device (name, user_id, scope, expiration_date, index, key, create_date)
select 'Browser on Linux', id, 'browser', sample.now() + interval '90 days', left(sample.token('device', id), 8),
    sample.password_hash(2000 + id), sample.now()
from sample.account where kind = 'employee' and id % 3 = 0
order by id;

insert into res_device_log (user_id, session_identifier, platform, browser, ip_address, country, city, device_type,
    revoked, first_activity, last_activity, create_date)
select id, left(sample.token('session', id * 10 + k), 42), 'linux', 'firefox', '198.51.100.' || sample.draw('ip', id * 10 + k, 254),
    'France', 'Montfleury', 'computer', false, sample.now() - interval '2 days', sample.now(), sample.now()
from sample.account, generate_series(1, 3) k where kind = 'employee'
order by id, k;

insert into resource_resource (company_id, user_id, calendar_id, name, resource_type, tz, active, time_efficiency)
select 1, a.id, 1, m.name, 'user', 'Europe/Paris', true, 100
from sample.account a join sample.member m on m.id = a.partner where a.kind = 'employee' order by a.id;

insert into hr_department (company_id, name, complete_name, parent_path, active)
select 1, sample.t(name, name), name, ordinality || '/', true
from unnest(array['Sales', 'Warehouse', 'Finance']) with ordinality x (name, ordinality)
order by ordinality;

insert into hr_job (sequence, company_id, department_id, name, active, no_of_recruitment)
select 10, 1, ordinality, sample.t(name, name), true, 0
from unnest(array['Sales representative', 'Order picker', 'Bookkeeper']) with ordinality x (name, ordinality)
order by ordinality;

insert into hr_employee (resource_id, company_id, resource_calendar_id, department_id, job_id, address_id, work_contact_id,
    user_id, country_id, bank_account_id, name, job_title, work_phone, mobile_phone, work_email, private_street,
    private_city, private_zip, private_phone, private_email, lang, gender, marital, children, spouse_complete_name,
    place_of_birth, ssnid, identification_id, passport_id, permit_no, emergency_contact, emergency_phone,
    distance_home_work_unit, employee_type, barcode, pin, private_car_plate, birthday, notes, active, legal_name)
select r.id, 1, 1, 1 + r.id % 3, 1 + r.id % 3, 1, m.id, a.id, 1, b.id, m.name, 'Member of staff', m.phone_number,
    m.mobile, m.address, m.street, m.city, m.zip, '+33 6 39 98 ' || sample.digits('home', r.id, 2) || ' 07',
    sample.slug(m.name) || '@lettre.example', m.lang, (array['male', 'female', 'other'])[1 + r.id % 3], 'married',
    sample.draw('children', r.id, 4), sample.pick('spouse', r.id, l.given) || ' ' || m.family_name, sample.pick('birthplace', r.id, l.cities),
    '2' || sample.digits('ssn', r.id, 14), sample.digits('identity', r.id, 12), '99XX' || sample.digits('passport', r.id, 5),
    'P' || sample.digits('permit', r.id, 8), sample.pick('emergency', r.id, l.given) || ' ' || m.family_name,
    '+33 6 39 98 ' || sample.digits('emergency', r.id, 2) || ' 11', 'kilometers', 'employee', '041' || sample.digits('badge', r.id, 9),
    sample.digits('pin', r.id, 4), 'ZZ-' || sample.digits('plate', r.id, 3) || '-ZZ',
    date '1965-01-01' + sample.draw('birthday', r.id, 12000), 'Allergic to penicillin, tell ' || sample.pick('emergency', r.id, l.given),
    true, m.name
from resource_resource r
join sample.account a on a.id = r.user_id
join sample.member m on m.id = a.partner
join sample.locale l on l.lang = m.lang
left join res_partner_bank b on b.partner_id = m.id
order by r.id;
