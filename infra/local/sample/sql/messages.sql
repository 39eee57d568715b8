insert into mail_alias_domain (name, sequence, bounce_alias, catchall_alias, default_from)
values ('acme.example', 10, 'bounce', 'catchall', 'notifications');

insert into mail_alias (alias_domain_id, alias_model_id, alias_name, alias_full_name, alias_contact, alias_status, alias_defaults)
select 1, m.id, alias, alias || '@acme.example', 'everyone', 'valid', '{}'
from (values ('sales', 'sale.order'), ('invoices', 'account.move'), ('jobs', 'hr.job')) x (alias, model)
join ir_model m using (model) order by alias desc;

insert into mail_message_subtype (name, sequence, internal, "default", hidden)
values (sample.t('Discussions', 'Discussions'), 0, false, true, false), (sample.t('Note', 'Note'), 100, true, false, false),
    (sample.t('Activities', 'Activités'), 90, true, false, false);

insert into mail_activity_type (sequence, delay_count, delay_unit, delay_from, chaining_type, category, name, active)
values (1, 2, 'days', 'current_date', 'suggest', 'default', sample.t('To do', 'À faire'), true),
    (2, 1, 'days', 'current_date', 'suggest', 'phonecall', sample.t('Call', 'Appel'), true);

insert into mail_guest (name, access_token, lang, timezone)
select sample.pick('guest', n, l.given) || ' ' || sample.pick('guest family', n, l.family), sample.uuid('guest', n), lang, 'Europe/Paris'
from sample.locale l, generate_series(1, 3) n
order by l.position, n;

-- One message for each order, invoice reminder and partner note; people are also named only inside bodies.
insert into mail_message (res_id, record_alias_domain_id, record_company_id, subtype_id, author_id, create_uid, write_uid, subject,
    model, record_name, message_type, email_from, message_id, reply_to, email_layout_xmlid, body, is_internal, date, create_date)
select res_id, 1, 1, 1 + flavour % 2, case when from_customer then x.partner else 7 + n % 22 end, 2, 2,
    case when flavour in (1, 3) then 'Re: ' || record_name || ' for ' || m.name end, model, record_name,
    case when from_customer then 'email' when flavour = 0 then 'notification' else 'comment' end,
    case when from_customer then '"' || m.name || '" <' || m.address || '>' else '"' || clerk.name || '" <' || clerk.address || '>' end,
    '<' || sample.digits('message', n, 15) || '.' || n || '-odoo-' || res_id || '-' || replace(model, '.', '-') || '@erp.acme.example>',
    case when from_customer then m.address else '"Acme Distribution" <catchall@acme.example>' end, null,
    case flavour
        when 0 then '<p>Order confirmed for ' || m.name || '</p>'
        when 1 then '<div><p>Hello,</p><p>please ring me at ' || m.phone_number || ' before you deliver to ' || m.street || ', ' || m.zip || ' ' || m.city
            || '.</p><p>-- <br>' || m.name || '<br>' || coalesce(m.company, '') || '<br>&lt;' || m.address || '&gt;</p></div>'
        when 2 then '<p>Spoke to <b>' || m.given_name || ' ' || m.family_name || '</b> (' || replace(coalesce(m.phone, m.phone_number), ' ', '&nbsp;')
            || '), confirms by <a href="mailto:' || m.address || '">' || m.address || '</a></p>'
        when 3 then '<div><p>Bonjour, our new bookkeeper is ' || sample.pick('bookkeeper', n, l.given) || ' '
            || sample.pick('bookkeeper family', n, l.family) || ', reach us at ' || replace(m.address, '@', ' [at] ') || '. Kind regards, '
            || m.given_name || '</p></div>'
        when 4 then '<p>Invoice sent to ' || m.name || ' &lt;' || m.address || '&gt;, ' || m.street || '</p>'
        else '<p>Goods left for ' || m.name || ', ' || m.city || '.</p>' end,
    flavour % 2 = 1 and not from_customer, at, at
from (
    select n, 'sale.order' as model, n as res_id, 'S' || lpad(n::text, 5, '0') as record_name, partner, at, n % 6 as flavour from sample.sale
    union all
    select 10000000 + id, 'account.move', id, a.name, partner_id, create_date, 4 from account_move a where id % 8 = 0 and move_type = 'out_invoice'
    union all
    select 20000000 + id, 'res.partner', id, complete_name, id, create_date, 2 from res_partner where id % 10 = 0 and id > 28
) x
join sample.member m on m.id = partner
join sample.member clerk on clerk.id = 7 + n % 22
join sample.locale l on l.lang = m.lang,
lateral (select flavour in (1, 3)) y (from_customer)
order by n;
analyze mail_message;

insert into mail_followers (res_model, res_id, partner_id)
select 'sale.order', n, partner from sample.sale where n % 2 = 0
order by n;

insert into mail_message_res_partner_rel (mail_message_id, res_partner_id)
select id, author_id from mail_message where id % 12 = 0
order by id;

insert into mail_mail (mail_message_id, create_uid, state, failure_type, failure_reason, body_html, "references", headers, email_to, email_cc, is_notification, auto_delete,
    create_date)
select v.id, 2, outcome, case outcome when 'exception' then 'mail_smtp' end, case outcome when 'exception' then 'Refused: ' || m.address end, v.body, v.message_id,
    '{''X-Odoo-Objects'': ''sale.order-' || v.res_id || '''}', '"' || m.name || '" <' || m.address || '>', case when v.id % 7 = 0 then m.email_normalized end,
    true, true, v.create_date
from mail_message v
join sale_order o on o.id = v.res_id
join sample.member m on m.id = o.partner_id,
lateral (select case when v.id % 60 = 0 then 'outgoing' when v.id % 90 = 0 then 'exception' else 'sent' end) x (outcome)
where v.model = 'sale.order' and v.id % 30 = 0
order by v.id;

insert into mail_mail_res_partner_rel (mail_mail_id, res_partner_id)
select q.id, o.partner_id from mail_mail q join mail_message v on v.id = q.mail_message_id join sale_order o on o.id = v.res_id;

insert into mail_notification (author_id, mail_message_id, mail_mail_id, res_partner_id, notification_type, notification_status, is_read,
    failure_type, failure_reason)
select v.author_id, v.id, q.id, o.partner_id, 'email', case q.state when 'sent' then 'sent' when 'exception' then 'exception' else 'ready' end, true,
    q.failure_type, q.failure_reason
from mail_mail q join mail_message v on v.id = q.mail_message_id join sale_order o on o.id = v.res_id order by q.id;

insert into mail_tracking_value (field_id, mail_message_id, old_value_char, new_value_char, create_uid, create_date)
select case when v.id % 2 = 0 then f.email else f.phone end, v.id, case when v.id % 2 = 0 then 'former.' || m.address else '0' || m.phone_number end,
    case when v.id % 2 = 0 then m.address else m.phone end, 2, v.create_date
from mail_message v
join sample.member m on m.id = v.res_id,
lateral (select (select id from ir_model_fields where model = 'res.partner' and name = 'email'),
    (select id from ir_model_fields where model = 'res.partner' and name = 'phone')) f (email, phone)
where v.model = 'res.partner'
order by v.id;

insert into mail_template (model_id, model, name, subject, body_html, email_from, reply_to, mail_server_id, active, use_default_to, auto_delete)
select m.id, m.model, sample.t('Order sent', 'Commande envoyée'), sample.t('Your order at Acme', 'Votre commande chez Acme'),
    sample.t('<p>Thank you. <a href="https://erp.acme.example/my/orders">See it</a></p>', '<p>Merci.</p>'), '"Acme" <sales@acme.example>',
    'sales@acme.example', 1, true, false, true
from ir_model m where model = 'sale.order';

insert into mail_activity (res_model_id, res_model, res_id, res_name, activity_type_id, user_id, summary, note, date_deadline, active, automated,
    create_uid, create_date)
select i.id, 'res.partner', m.id, m.name, 2, 6 + m.id % 22, 'Call ' || m.name, '<p>' || coalesce(m.phone, m.phone_number) || '</p>', sample.now()::date + 3,
    true, false, 2, sample.now()
from sample.member m, ir_model i
where i.model = 'res.partner' and m.id % 100 = 31
order by m.id;

insert into mail_blacklist (email, active, create_date)
select distinct email_normalized, true, sample.now() from sample.member where id % 500 = 44 and email_normalized is not null
order by 1;

insert into phone_blacklist (number, active, create_date)
select distinct phone_number, true, sample.now() from sample.member where id % 500 = 45
order by 1;

insert into mail_push_device (partner_id, endpoint, keys, create_date)
select partner, 'https://push.example/v1/' || sample.token('push', id), '{"p256dh": "' || sample.secret('B', 'p256', id) || '", "auth": "'
    || left(sample.secret('', 'push auth', id), 22) || '"}', sample.now()
from sample.account where kind = 'employee' and id % 4 = 1
order by id;

insert into mail_push (mail_push_device_id, payload)
select d.id, '{"title": "New message", "body": "' || m.name || ' <' || m.address || '>"}'
from mail_push_device d join sample.member m on m.id = 28 + d.id
order by d.id;

insert into discuss_channel (name, channel_type, default_display_mode, uuid, description, active)
values ('general', 'channel', null, left(sample.uuid('channel', 1), 10), 'Everybody at Acme', true),
    ('warehouse', 'channel', null, left(sample.uuid('channel', 2), 10), 'Deliveries', true);

insert into discuss_channel_member (partner_id, channel_id, new_message_separator)
select partner, 1 + id % 2, 0 from sample.account where kind = 'employee'
order by id;

insert into bus_bus (channel, message, create_date)
select '["acme","res.partner",' || partner || ']', '{"type": "mail.message", "payload": {"author": "' || m.name || '", "email": "' || m.address || '"}}',
    sample.now()
from sample.account a join sample.member m on m.id = a.partner where a.kind = 'employee'
order by a.id;

insert into sms_sms (uuid, partner_id, number, state, body, create_date)
select replace(sample.uuid('sms', id), '-', ''), id, phone_number, case when id % 300 = 32 then 'outgoing' else 'sent' end,
    'Dear ' || name || ', your parcel leaves today. Acme', sample.now()
from sample.member where id % 150 = 32
order by id;

insert into snailmail_letter (model, res_id, partner_id, company_id, user_id, state, street, zip, city, create_date)
select 'account.move', a.id, m.id, 1, 7, 'pending', m.street, m.zip, m.city, sample.now()
from account_move a join sample.member m on m.id = a.partner_id where a.id % 900 = 1 and a.move_type = 'out_invoice'
order by a.id;

insert into crm_stage (sequence, name, is_won, fold)
values (1, sample.t('New', 'Nouveau'), false, false), (2, sample.t('Won', 'Gagné'), true, false);

insert into crm_lead (user_id, team_id, company_id, stage_id, partner_id, country_id, name, type, priority, contact_name, partner_name, email_from,
    email_normalized, email_cc, phone, mobile, phone_sanitized, website, street, zip, city, description, active, expected_revenue, probability, create_date)
select 6 + m.id % 22, 1, 1, 1 + m.id % 2, case when m.id % 2 = 0 then m.id end, c.id, 'Interest of ' || m.name, 'opportunity', '1', m.name, m.company, m.email,
    m.email_normalized, case when m.id % 3 = 0 then m.address end, m.phone, m.mobile, case when m.phone is not null then m.phone_number end,
    'https://' || split_part(m.address, '@', 2), m.street, m.zip, m.city, '<p>Met ' || m.name || ' at the fair, ' || m.address || '</p>', true, 1000, 20, sample.now()
from sample.member m join res_country c on c.code = m.country where m.id % 20 = 10 and m.id > 28
order by m.id;

insert into calendar_event (user_id, res_model, res_id, name, location, videocall_location, access_token, privacy, show_as, active, allday, start, stop, duration,
    description, opportunity_id)
select l.user_id, 'crm.lead', l.id, 'Meeting with ' || l.contact_name, l.street || ', ' || l.city, 'https://meet.example/' || left(sample.token('call', l.id), 12),
    sample.token('event', l.id), 'public', 'busy', true, false, sample.now(), sample.now() + interval '1 hour', 1, '<p>Bring samples for ' || l.contact_name || '</p>', l.id
from crm_lead l where l.partner_id is not null and l.id % 4 = 0 order by l.id;

insert into calendar_event_res_partner_rel (calendar_event_id, res_partner_id)
select e.id, l.partner_id from calendar_event e join crm_lead l on l.id = e.opportunity_id;

insert into calendar_attendee (event_id, partner_id, common_name, access_token, state)
select e.id, l.partner_id, l.contact_name, sample.token('attendee', e.id), 'needsAction' from calendar_event e join crm_lead l on l.id = e.opportunity_id
order by e.id;
