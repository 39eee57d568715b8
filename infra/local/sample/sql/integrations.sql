-- What reaches the outside world, and the credentials for it. Nothing here opens a real door.
insert into ir_mail_server (name, smtp_port, sequence, from_filter, smtp_host, smtp_authentication, smtp_user, smtp_pass, smtp_encryption, active, smtp_debug,
    google_gmail_refresh_token, google_gmail_access_token, microsoft_outlook_refresh_token, microsoft_outlook_access_token)
values ('Relay', 587, 10, 'acme.example', 'smtp.acme.example', 'login', 'relay@acme.example', sample.secret('', 'smtp', 1), 'starttls', true, false, null, null, null, null),
    ('Gmail', 587, 20, null, 'smtp.mailhub.example', 'gmail', 'newsletter@acme.example', null, 'starttls', true, false, sample.secret('1//', 'gmail', 1), sample.secret('ya29.', 'gmail', 2), null, null),
    ('Outlook', 587, 30, null, 'smtp.officehub.example', 'outlook', 'invoices@acme.example', null, 'starttls', false, false, null, null, sample.secret('0.A', 'outlook', 1), sample.secret('Ew', 'outlook', 2));

insert into fetchmail_server (name, port, server, server_type, "user", password, state, active, is_ssl, attach, original, priority)
values ('Orders', 993, 'imap.acme.example', 'imap', 'orders@acme.example', sample.secret('', 'imap', 1), 'done', true, true, true, false, 5),
    ('Invoices', 995, 'pop.acme.example', 'pop', 'invoices@acme.example', sample.secret('', 'pop', 1), 'done', true, true, true, false, 5);

insert into res_company_ldap (sequence, company, ldap_server_port, ldap_server, ldap_binddn, ldap_password, ldap_filter, ldap_base, create_user, ldap_tls)
values (10, 1, 636, 'ldap.acme.example', 'cn=odoo,dc=acme,dc=example', sample.secret('', 'ldap', 1), 'uid=%s', 'ou=people,dc=acme,dc=example', true, true);

insert into auth_oauth_provider (name, client_id, auth_endpoint, scope, validation_endpoint, data_endpoint, css_class, body, enabled, sequence)
values ('Acme login', sample.uuid('oauth client', 1), 'https://login.acme.example/authorize', 'openid email', 'https://login.acme.example/userinfo',
    'https://login.acme.example/me', 'fa fa-key', sample.t('Log in with Acme', 'Se connecter avec Acme'), true, 1);

insert into ir_config_parameter (key, value, create_date)
select key, value, sample.now()
from (values ('web.base.url', sample.base_url()), ('report.url', sample.base_url()), ('web.base.url.freeze', 'True'),
    ('database.uuid', sample.uuid('database', 1)), ('database.secret', sample.uuid('secret', 1)), ('database.create_date', '2024-07-30 08:00:00'),
    ('database.enterprise_code', sample.secret('M', 'enterprise', 1)), ('mail.catchall.domain', 'acme.example'), ('mail.catchall.alias', 'catchall'), ('mail.bounce.alias', 'bounce'),
    ('mail.default.from', 'notifications'), ('mail.web_push_vapid_public_key', sample.secret('B', 'vapid', 1)), ('mail.web_push_vapid_private_key', sample.secret('', 'vapid', 2)),
    ('google_gmail_client_id', sample.digits('gmail client', 1, 12) || '-' || left(sample.token('gmail client', 1), 32) || '.apps.example'), ('google_gmail_client_secret', sample.secret('GOCSPX-', 'gmail client', 2)),
    ('microsoft_outlook_client_id', sample.uuid('outlook client', 1)), ('microsoft_outlook_client_secret', sample.secret('8Q~', 'outlook client', 2)),
    ('google_calendar_client_id', sample.uuid('gcal client', 1)), ('google_calendar_client_secret', sample.secret('GOCSPX-', 'gcal client', 2)),
    ('microsoft_calendar_client_id', sample.uuid('mscal client', 1)), ('microsoft_calendar_client_secret', sample.secret('8Q~', 'mscal client', 2)),
    ('recaptcha_public_key', sample.secret('6L', 'recaptcha', 1)), ('recaptcha_private_key', sample.secret('6L', 'recaptcha', 2)),
    ('cloud_storage_provider', 'azure'), ('cloud_storage_azure_account_name', 'acmeattachments'), ('cloud_storage_azure_client_secret', sample.secret('', 'cloud', 1)),
    ('acme.edi.url', 'sftp://edi:' || sample.secret('', 'edi', 1) || '@edi.acme.example:22/in'),
    ('acme.export.sas', 'https://acmestore.blob.example/exports?sv=2024-11-04&sig=' || sample.secret('', 'sas', 1)),
    ('base.login_cooldown_after', '10'), ('sale.default_confirmation_template', '1'), ('auth_signup.invitation_scope', 'b2b')) x (key, value);

insert into iap_service (name, technical_name, description, unit_name, integer_balance)
values ('SMS', 'sms', sample.t('Text messages', 'SMS'), sample.t('Credits', 'Crédits'), false), ('Letters', 'snailmail', sample.t('Letters', 'Courriers'), sample.t('Credits', 'Crédits'), true);

insert into iap_account (name, service_id, account_token, balance, state, service_locked)
select name, id, left(sample.token('iap', id), 40), '120 Credits', 'registered', false from iap_service
order by id;

insert into payment_method (code, sequence, support_refund, name, active, support_tokenization)
values ('card', 1, 'partial', sample.t('Card', 'Carte'), true, true), ('bank', 2, 'none', sample.t('Bank transfer', 'Virement'), true, false);

insert into payment_provider (sequence, company_id, code, state, name, is_published, allow_tokenization, stripe_publishable_key, stripe_secret_key, stripe_webhook_secret,
    adyen_merchant_account, adyen_api_key, adyen_client_key, adyen_hmac_key, adyen_api_url_prefix, paypal_email_account, paypal_client_id, paypal_client_secret)
values (1, 1, 'stripe', 'enabled', sample.t('Stripe', 'Stripe'), true, true, sample.secret('pk_live_', 'stripe', 1), sample.secret('sk_live_', 'stripe', 2), sample.secret('whsec_', 'stripe', 3), null, null, null, null, null, null, null, null),
    (2, 1, 'adyen', 'enabled', sample.t('Adyen', 'Adyen'), true, true, null, null, null, 'AcmeDistributionECOM', sample.secret('AQE', 'adyen', 1), sample.secret('live_', 'adyen', 2), upper(sample.token('adyen', 3)), 'acmelive', null, null, null),
    (3, 1, 'paypal', 'enabled', sample.t('PayPal', 'PayPal'), true, false, null, null, null, null, null, null, null, null, 'paypal@acme.example', sample.secret('A', 'paypal', 1), sample.secret('E', 'paypal', 2)),
    (4, 1, 'custom', 'disabled', sample.t('Wire transfer', 'Virement'), true, false, null, null, null, null, null, null, null, null, null, null, null);

insert into payment_token (provider_id, company_id, payment_method_id, partner_id, payment_details, provider_ref, active, stripe_payment_method, create_date)
select 1, 1, 1, id, sample.digits('card', id, 4), sample.secret('cus_', 'customer', id), true, sample.secret('pm_', 'method', id), sample.now()
from sample.member where id % 100 = 32 order by id;

insert into payment_transaction (provider_id, company_id, payment_method_id, currency_id, token_id, partner_id, partner_country_id, reference, provider_reference, state, operation,
    partner_name, partner_lang, partner_email, partner_address, partner_zip, partner_city, partner_phone, amount, create_date, last_state_change)
select 1, 1, 1, 1, t.id, m.id, c.id, 'S' || lpad(t.id::text, 5, '0') || '-web', sample.secret('pi_', 'intent', t.id), 'done', 'online_redirect', m.name, m.lang, m.email_normalized,
    m.street, m.zip, m.city, m.phone, 50 + t.id, sample.now(), sample.now()
from payment_token t join sample.member m on m.id = t.partner_id join res_country c on c.code = m.country order by t.id;

insert into delivery_carrier (sequence, company_id, product_id, delivery_type, integration_level, invoice_policy, name, active, prod_environment, debug_logging, fixed_price, tracking_url,
    mondialrelay_brand, mondialrelay_packagetype)
values (1, 1, 1, 'fixed', 'rate_and_ship', 'estimated', sample.t('Own van', 'Camionnette'), true, true, false, 8, null, null, null),
    (2, 1, 1, 'parcelhub', 'rate_and_ship', 'estimated', sample.t('Parcel hub', 'Colis'), true, true, false, 0, 'https://track.parcelhub.example/<shipmenttrackingnumber>', null, null),
    (3, 1, 1, 'fixed', 'rate', 'estimated', sample.t('Relay point', 'Point relais'), true, true, false, 4, null, 'CC20ACME', '24R');

insert into website (sequence, company_id, default_lang_id, user_id, name, domain, cdn_activated, cdn_url, google_maps_api_key, google_analytics_key, google_places_api_key, custom_code_head,
    show_line_subtotals_tax_selection, shop_default_sort, product_page_image_layout, product_page_image_width, product_page_image_spacing, ecommerce_access, social_linkedin, auth_signup_uninvited)
values (1, 1, 3, 3, 'Acme shop', 'https://shop.acme.example', true, 'https://cdn.acme.example', sample.secret('AIza', 'maps', 1), 'G-' || upper(left(sample.token('analytics', 1), 10)),
    sample.secret('AIza', 'places', 1), '<script src="https://tag.acme.example/t.js"></script>', 'tax_excluded', 'website_sequence asc', 'carousel', '50_pc', 'small', 'everyone', 'https://social.example/acme', 'b2c');

insert into ir_act_server (type, binding_type, name, model_id, model_name, usage, state, code, webhook_url, create_date)
select 'ir.actions.server', 'action', jsonb_build_object('en_US', title), m.id, m.model, usage, does, code, hook, sample.now()
from (values
    (1, 'Base: auto-vacuum', 'res.users', 'ir_cron', 'code', 'model._run_vacuum_cleaner()', null),
    (2, 'Mail: send the queue', 'mail.mail', 'ir_cron', 'code', 'model.process_email_queue()', null),
    (3, 'Mail: fetch', 'fetchmail.server', 'ir_cron', 'code', 'model._fetch_mails()', null),
    (4, 'SMS: send the queue', 'sms.sms', 'ir_cron', 'code', 'model._process_queue()', null),
    (5, 'Letters: send', 'snailmail.letter', 'ir_cron', 'code', 'model._snailmail_cron()', null),
    (6, 'Payments: finish', 'payment.transaction', 'ir_cron', 'code', 'model._cron_post_process()', null),
    (7, 'Calendar: synchronise', 'res.users', 'ir_cron', 'code', 'model._sync_all_google_calendar()', null),
    (8, 'Orders to the data lake', 'sale.order', 'ir_actions_server', 'code',
        'requests.post("https://lake.acme.example/in?key=' || sample.secret('', 'lake', 1) || '", json=record.read())', null),
    (9, 'Tell the carrier', 'stock.picking', 'ir_actions_server', 'webhook', null, 'https://hooks.acme.example/pick?token=' || sample.secret('', 'hook', 1)))
    x (rank, title, model, usage, does, code, hook)
join ir_model m using (model) order by rank;

insert into ir_cron (ir_actions_server_id, user_id, interval_number, interval_type, cron_name, active, nextcall, priority, failure_count)
select id, 1, 1, 'hours', name ->> 'en_US', true, sample.now(), 5, 0 from ir_act_server where usage = 'ir_cron' order by id;

insert into base_automation (model_id, webhook_uuid, record_getter, trigger, name, active, log_webhook_calls)
select id, sample.uuid('automation', 1), 'model.env[payload.get("_model")].browse(int(payload.get("_id")))', 'on_webhook', sample.t('Orders from the shop', 'Commandes de la boutique'), true, true
from ir_model where model = 'sale.order';

insert into ir_ui_view (priority, name, key, type, mode, arch_db, active)
values (16, 'Neutralize banner', 'web.neutralize_banner', 'qweb', 'primary', jsonb_build_object('en_US', '<t><div>Test copy</div></t>'), false),
    (16, 'Neutralize ribbon', 'website.neutralize_ribbon', 'qweb', 'primary', jsonb_build_object('en_US', '<t><div>Test copy</div></t>'), false),
    (16, 'Order footer', 'acme.order_footer', 'qweb', 'primary', jsonb_build_object('en_US', '<t><p>Order on <a href="https://shop.acme.example">shop.acme.example</a></p></t>'), true);

insert into ir_logging (name, type, dbname, level, path, func, line, message, create_date)
select 'mail', 'server', 'acme-prod', 'WARNING', 'mail', 'send', '1', 'Delivery to ' || address || ' (' || name || ') delayed', sample.now()
from sample.member where id % 1000 = 33
order by id;

insert into ir_model_data (module, name, model, res_id, noupdate)
values ('base', 'main_company', 'res.company', 1, true), ('base', 'main_partner', 'res.partner', 1, true), ('base', 'user_root', 'res.users', 1, true),
    ('base', 'user_admin', 'res.users', 2, true), ('base', 'public_user', 'res.users', 3, true), ('base', 'default_user', 'res.users', 4, true),
    ('base', 'template_portal_user_id', 'res.users', 5, true), ('base', 'autovacuum_job', 'ir.cron', 1, true), ('mail', 'ir_cron_mail_scheduler_action', 'ir.cron', 2, true),
    ('mail', 'ir_cron_mail_gateway_action', 'ir.cron', 3, true), ('sms', 'ir_cron_sms_scheduler_action', 'ir.cron', 4, true), ('snailmail', 'snailmail_print', 'ir.cron', 5, true),
    ('payment', 'cron_post_process_payment_tx', 'ir.cron', 6, true), ('google_calendar', 'ir_cron_sync_all_cals', 'ir.cron', 7, true),
    ('web', 'neutralize_banner', 'ir.ui.view', 1, false), ('website', 'neutralize_ribbon', 'ir.ui.view', 2, false), ('website', 'default_website', 'website', 1, true),
    ('stock', 'warehouse0', 'stock.warehouse', 1, true), ('stock', 'stock_location_suppliers', 'stock.location', 4, true), ('stock', 'stock_location_customers', 'stock.location', 5, true),
    ('stock', 'stock_location_stock', 'stock.location', 8, true);

insert into ir_model_data (module, name, model, res_id, noupdate)
select 'base', 'model_' || replace(model, '.', '_'), 'ir.model', id, false from ir_model order by id;
