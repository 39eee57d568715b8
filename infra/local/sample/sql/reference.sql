insert into res_currency (name, symbol, iso_numeric, decimal_places, full_name, position, rounding, active)
values ('EUR', '€', 978, 2, 'Euro', 'after', 0.01, true),
    ('USD', '$', 840, 2, 'United States dollar', 'before', 0.01, true),
    ('GBP', '£', 826, 2, 'Pound sterling', 'before', 0.01, true),
    ('SEK', 'kr', 752, 2, 'Swedish krona', 'after', 0.01, true);

insert into res_country (code, name, currency_id, phone_code, name_position, state_required, zip_required)
values ('FR', sample.t('France', 'France'), 1, 33, 'before', false, true),
    ('DE', sample.t('Germany', 'Allemagne'), 1, 49, 'before', false, true),
    ('GB', sample.t('United Kingdom', 'Royaume-Uni'), 3, 44, 'before', false, true),
    ('SE', sample.t('Sweden', 'Suède'), 4, 46, 'before', false, true),
    ('US', sample.t('United States', 'États-Unis'), 2, 1, 'before', true, true);

insert into res_country_state (country_id, name, code)
select 5, name, code
from (values ('Oregon', 'OR'), ('Vermont', 'VT'), ('Ohio', 'OH')) x (name, code);

insert into res_lang (name, code, iso_code, url_code, direction, date_format, time_format,
    short_time_format, week_start, "grouping", decimal_point, thousands_sep, active)
select code, code, left(code, 2), left(code, 2) || '-' || right(code, 2), 'ltr', '%d/%m/%Y', '%H:%M:%S',
    '%H:%M', '1', '[3,0]', '.', ',', true
from unnest(array['en_US', 'en_GB', 'fr_FR', 'de_DE', 'sv_SE']) code;

insert into res_currency_rate (currency_id, company_id, name, rate)
select currency, 1, (sample.now() - interval '1 month' * month)::date,
    round(base + sample.draw('rate', month * 10 + currency, 400) / 10000.0, 4)
from generate_series(0, 11) month, (values (2, 1.08), (3, 0.85), (4, 11.2)) x (currency, base);

insert into res_partner_industry (name, full_name, active)
select sample.t(name, name), sample.t(name, name), true
from unnest(array['Wholesale', 'Retail', 'Hospitality']) name;

insert into res_partner_title (name, shortcut)
values (sample.t('Madam', 'Madame'), sample.t('Mrs.', 'Mme')), (sample.t('Mister', 'Monsieur'), sample.t('Mr.', 'M.'));

insert into res_partner_category (name, color, active)
select sample.t(name, name), ordinality, true
from unnest(array['Key account', 'Newsletter', 'Prepaid']) with ordinality x (name, ordinality);

insert into ir_module_category (name, sequence, visible)
values (sample.t('Operations', 'Opérations'), 1, true);

insert into ir_module_module (name, state, latest_version, author, license, shortdesc, category_id, module_type)
select name, 'installed', version, 'Example', 'LGPL-3', sample.t(name, name), 1, 'official'
from (values ('base', '18.0.1.3'), ('web', '18.0.1.0'), ('mail', '18.0.1.18'), ('bus', '18.0.1.0'),
    ('contacts', '18.0.1.0'), ('phone_validation', '18.0.2.1'), ('auth_totp', '18.0.1.0'), ('auth_oauth', '18.0.1.0'),
    ('auth_ldap', '18.0.1.0'), ('iap', '18.0.1.1'), ('sms', '18.0.3.0'), ('snailmail', '18.0.0.4'),
    ('calendar', '18.0.1.1'), ('google_calendar', '18.0.1.0'), ('microsoft_calendar', '18.0.1.0'),
    ('google_gmail', '18.0.1.2'), ('microsoft_outlook', '18.0.1.1'), ('base_automation', '18.0.1.0'),
    ('product', '18.0.1.2'), ('uom', '18.0.1.0'), ('account', '18.0.1.3'), ('sale', '18.0.1.2'),
    ('sale_management', '18.0.1.0'), ('sale_stock', '18.0.1.0'), ('stock', '18.0.1.1'), ('stock_account', '18.0.1.1'),
    ('purchase', '18.0.1.2'), ('purchase_stock', '18.0.1.2'), ('delivery', '18.0.1.0'),
    ('delivery_mondialrelay', '18.0.0.1'), ('payment', '18.0.2.0'), ('payment_stripe', '18.0.2.0'),
    ('payment_adyen', '18.0.2.0'), ('payment_paypal', '18.0.2.0'), ('crm', '18.0.1.8'), ('hr', '18.0.1.1'),
    ('website', '18.0.1.0')) x (name, version);

insert into ir_module_module (name, state, author, license, shortdesc, category_id, module_type)
select name, 'uninstalled', 'Example', 'LGPL-3', sample.t(name, name), 1, 'official'
from unnest(array['mrp', 'point_of_sale', 'project', 'event']) name;

insert into uom_category (name)
values (sample.t('Unit', 'Unité')), (sample.t('Weight', 'Poids'));

insert into uom_uom (category_id, uom_type, name, factor, rounding, active)
values (1, 'reference', sample.t('Units', 'Unités'), 1, 0.01, true),
    (1, 'bigger', sample.t('Dozens', 'Douzaines'), 0.0833333, 0.01, true),
    (2, 'reference', sample.t('kg', 'kg'), 1, 0.01, true);

insert into res_groups (name, category_id, share, api_key_duration)
select sample.t(name, name), 1, name = 'Portal', 0
from unnest(array['User', 'Portal', 'Public', 'Administration', 'Sales', 'Inventory', 'Invoicing']) name;
