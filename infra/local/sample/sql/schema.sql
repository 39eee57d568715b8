create table ir_actions (
    id serial, binding_model_id int, create_uid int, write_uid int, type varchar not null,
    path varchar, binding_type varchar not null, binding_view_types varchar,
    name jsonb not null, help jsonb, create_date timestamp, write_date timestamp
);

create table account_account (
    id serial, currency_id int, create_uid int, write_uid int, account_type varchar not null,
    name jsonb not null, code_store jsonb, note text, deprecated bool, reconcile bool,
    non_trade bool, create_date timestamp, write_date timestamp
);

create table account_account_res_company_rel (
    account_account_id int not null, res_company_id int not null
);

create table account_bank_statement (
    id serial, company_id int, journal_id int, create_uid int, write_uid int, name varchar,
    reference varchar, first_line_index varchar, date date, balance_start numeric,
    balance_end numeric, balance_end_real numeric, is_complete bool, create_date timestamp,
    write_date timestamp
);

create table account_bank_statement_line (
    id serial, move_id int not null, journal_id int not null, company_id int not null,
    statement_id int, sequence int, partner_id int, currency_id int, foreign_currency_id int,
    create_uid int, write_uid int, account_number varchar, partner_name varchar,
    transaction_type varchar, payment_ref varchar, internal_index varchar,
    transaction_details jsonb, amount numeric, amount_currency numeric, is_reconciled bool,
    create_date timestamp, write_date timestamp, amount_residual float8
);

create table account_full_reconcile (
    id serial, exchange_move_id int, create_uid int, write_uid int, create_date timestamp,
    write_date timestamp
);

create table account_journal (
    id serial, alias_id int, default_account_id int, suspense_account_id int, sequence int,
    currency_id int, company_id int not null, profit_account_id int, loss_account_id int,
    bank_account_id int, create_uid int, write_uid int, color int, access_token varchar,
    code varchar(5) not null, type varchar not null, invoice_reference_type varchar not null,
    invoice_reference_model varchar not null, bank_statements_source varchar,
    name jsonb not null, sequence_override_regex text, active bool, autocheck_on_post bool,
    restrict_mode_hash_table bool, refund_sequence bool, payment_sequence bool,
    show_on_dashboard bool, create_date timestamp, write_date timestamp
);

create table account_move (
    id serial, sequence_number int, message_main_attachment_id int, journal_id int not null,
    company_id int, origin_payment_id int, statement_line_id int, tax_cash_basis_rec_id int,
    tax_cash_basis_origin_move_id int, auto_post_origin_id int, secure_sequence_number int,
    invoice_payment_term_id int, partner_id int, commercial_partner_id int,
    partner_shipping_id int, partner_bank_id int, preferred_payment_method_line_id int,
    currency_id int not null, reversed_entry_id int, invoice_user_id int, create_uid int,
    write_uid int, sequence_prefix varchar, access_token varchar, name varchar, ref varchar,
    state varchar not null, move_type varchar not null, auto_post varchar not null,
    inalterable_hash varchar, payment_reference varchar, qr_code_method varchar,
    payment_state varchar, invoice_source_email varchar, invoice_partner_display_name varchar,
    invoice_origin varchar, incoterm_location varchar, date date not null, auto_post_until date,
    invoice_date date, invoice_date_due date, delivery_date date, sending_data jsonb,
    narration text, invoice_currency_rate numeric, amount_untaxed numeric, amount_tax numeric,
    amount_total numeric, amount_residual numeric, amount_untaxed_signed numeric,
    amount_untaxed_in_currency_signed numeric, amount_tax_signed numeric,
    amount_total_signed numeric, amount_total_in_currency_signed numeric,
    amount_residual_signed numeric, quick_edit_total_amount numeric, is_storno bool,
    always_tax_exigible bool, checked bool, posted_before bool, made_sequence_gap bool,
    is_manually_modified bool, is_move_sent bool, create_date timestamp, write_date timestamp,
    stock_move_id int, team_id int
);

create table account_move__account_payment (
    invoice_id int not null, payment_id int not null
);

create table account_move_line (
    id serial, move_id int not null, journal_id int, company_id int, company_currency_id int,
    sequence int, account_id int, currency_id int not null, partner_id int, payment_id int,
    statement_line_id int, statement_id int, group_tax_id int, tax_line_id int,
    tax_group_id int, tax_repartition_line_id int, full_reconcile_id int, product_id int,
    product_uom_id int, create_uid int, write_uid int, move_name varchar, parent_state varchar,
    ref varchar, name varchar, matching_number varchar, display_type varchar not null,
    date date, invoice_date date, date_maturity date, discount_date date,
    analytic_distribution jsonb, debit numeric, credit numeric, balance numeric,
    amount_currency numeric, tax_base_amount numeric, amount_residual numeric,
    amount_residual_currency numeric, quantity numeric, price_unit numeric,
    price_subtotal numeric, price_total numeric, discount numeric,
    discount_amount_currency numeric, discount_balance numeric, is_imported bool,
    tax_tag_invert bool, reconciled bool, create_date timestamp, write_date timestamp,
    purchase_line_id int, is_downpayment bool, cogs_origin_id int
);

create table account_move_line_account_tax_rel (
    account_move_line_id int not null, account_tax_id int not null
);

create table account_partial_reconcile (
    id serial, debit_move_id int not null, credit_move_id int not null, full_reconcile_id int,
    exchange_move_id int, debit_currency_id int, credit_currency_id int, company_id int,
    create_uid int, write_uid int, max_date date, amount numeric, debit_amount_currency numeric,
    credit_amount_currency numeric, create_date timestamp, write_date timestamp
);

create table account_payment (
    id serial, message_main_attachment_id int, move_id int, journal_id int not null,
    company_id int not null, partner_bank_id int, paired_internal_transfer_payment_id int,
    payment_method_line_id int, payment_method_id int, currency_id int, partner_id int,
    outstanding_account_id int, destination_account_id int, create_uid int, write_uid int,
    name varchar, state varchar not null, payment_type varchar not null,
    partner_type varchar not null, memo varchar, payment_reference varchar, date date not null,
    amount numeric, amount_company_currency_signed numeric, is_reconciled bool, is_matched bool,
    is_sent bool, create_date timestamp, write_date timestamp, payment_transaction_id int,
    payment_token_id int, source_payment_id int
);

create table account_payment_method (
    id serial, create_uid int, write_uid int, code varchar not null,
    payment_type varchar not null, name jsonb not null, create_date timestamp,
    write_date timestamp
);

create table account_payment_method_line (
    id serial, sequence int, payment_method_id int not null, payment_account_id int,
    journal_id int, create_uid int, write_uid int, name varchar, create_date timestamp,
    write_date timestamp, payment_provider_id int
);

create table account_payment_term (
    id serial, company_id int, sequence int not null, discount_days int, create_uid int,
    write_uid int, early_pay_discount_computation varchar, name jsonb not null, note jsonb,
    active bool, display_on_invoice bool, early_discount bool, create_date timestamp,
    write_date timestamp, discount_percentage float8
);

create table account_tax (
    id serial, company_id int not null, sequence int not null, tax_group_id int not null,
    cash_basis_transition_account_id int, country_id int not null, create_uid int,
    write_uid int, type_tax_use varchar not null, tax_scope varchar,
    amount_type varchar not null, price_include_override varchar, tax_exigibility varchar,
    name jsonb not null, description jsonb, invoice_label jsonb, invoice_legal_notes text,
    amount numeric not null, active bool, include_base_amount bool, is_base_affected bool,
    analytic bool, create_date timestamp, write_date timestamp
);

create table account_tax_group (
    id serial, sequence int, company_id int not null, tax_payable_account_id int,
    tax_receivable_account_id int, advance_tax_payment_account_id int, country_id int,
    create_uid int, write_uid int, pos_receipt_label varchar, name jsonb not null,
    preceding_subtotal jsonb, create_date timestamp, write_date timestamp
);

create table account_tax_repartition_line (
    id serial, account_id int, tax_id int, company_id int, sequence int, create_uid int,
    write_uid int, repartition_type varchar not null, document_type varchar not null,
    use_in_tax_closing bool, create_date timestamp, write_date timestamp,
    factor_percent float8 not null
);

create table auth_oauth_provider (
    id serial, sequence int, create_uid int, write_uid int, name varchar not null,
    client_id varchar, auth_endpoint varchar not null, scope varchar,
    validation_endpoint varchar not null, data_endpoint varchar, css_class varchar,
    body jsonb not null, enabled bool, create_date timestamp, write_date timestamp
);

create table auth_totp_device (
    id serial, name varchar not null, user_id int not null, scope varchar,
    expiration_date timestamp, index varchar(8), key varchar,
    create_date timestamp default (now() at time zone 'utc')
);

create table base_automation (
    id serial, model_id int not null, trg_field_ref int, trg_date_id int, trg_date_range int,
    trg_date_calendar_id int, create_uid int, write_uid int, webhook_uuid varchar,
    record_getter varchar, trigger varchar not null, trg_date_range_type varchar,
    filter_pre_domain varchar, filter_domain varchar, name jsonb not null, description text,
    log_webhook_calls bool, active bool, last_run timestamp, create_date timestamp,
    write_date timestamp
);

create table bus_bus (
    id serial, create_uid int, write_uid int, channel varchar, message varchar,
    create_date timestamp, write_date timestamp
);

create table calendar_attendee (
    id serial, event_id int not null, partner_id int not null, create_uid int, write_uid int,
    common_name varchar, access_token varchar, state varchar, availability varchar,
    create_date timestamp, write_date timestamp
);

create table calendar_event (
    id serial, user_id int, videocall_channel_id int, res_id int, res_model_id int,
    create_uid int, write_uid int, name varchar not null, location varchar,
    videocall_location varchar, access_token varchar, privacy varchar, show_as varchar not null,
    res_model varchar, start_date date, stop_date date, description text, active bool,
    allday bool, recurrency bool, follow_recurrence bool, start timestamp not null,
    stop timestamp not null, create_date timestamp, write_date timestamp, duration float8,
    opportunity_id int
);

create table calendar_event_res_partner_rel (
    res_partner_id int not null, calendar_event_id int not null
);

create table crm_lead (
    id serial, message_bounce int, user_id int, team_id int, company_id int, stage_id int,
    color int, partner_id int, title int, lang_id int, state_id int, country_id int,
    create_uid int, write_uid int, phone_sanitized varchar, email_normalized varchar,
    email_cc varchar, name varchar not null, referred varchar, type varchar not null,
    priority varchar, contact_name varchar, partner_name varchar, function varchar,
    email_from varchar, email_domain_criterion varchar, phone varchar, mobile varchar,
    phone_state varchar, email_state varchar, website varchar, street varchar, street2 varchar,
    zip varchar, city varchar, date_deadline date, lead_properties jsonb, description text,
    expected_revenue numeric, prorated_revenue numeric, recurring_revenue numeric,
    recurring_revenue_monthly numeric, recurring_revenue_monthly_prorated numeric,
    recurring_revenue_prorated numeric, active bool, date_closed timestamp,
    date_automation_last timestamp, date_open timestamp, date_last_stage_update timestamp,
    date_conversion timestamp, create_date timestamp, write_date timestamp, day_open float8,
    day_close float8, probability float8, automated_probability float8, reveal_id varchar,
    iap_enrich_done bool
);

create table crm_stage (
    id serial, sequence int, team_id int, create_uid int, write_uid int, name jsonb not null,
    requirements text, is_won bool, fold bool, create_date timestamp, write_date timestamp
);

create table crm_team (
    id serial, sequence int, company_id int, user_id int, color int, create_uid int,
    write_uid int, name jsonb not null, active bool, create_date timestamp,
    write_date timestamp, alias_id int not null, assignment_domain varchar,
    lead_properties_definition jsonb, use_leads bool, use_opportunities bool,
    assignment_optout bool, invoiced_target float8
);

create table delivery_carrier (
    id serial, sequence int, company_id int, product_id int not null, shipping_insurance int,
    create_uid int, write_uid int, delivery_type varchar not null, integration_level varchar,
    tracking_url varchar, invoice_policy varchar not null, name jsonb not null,
    carrier_description jsonb, active bool, prod_environment bool, debug_logging bool,
    free_over bool, return_label_on_delivery bool, get_return_label_from_portal bool,
    create_date timestamp, write_date timestamp, max_weight float8, max_volume float8,
    margin float8, fixed_margin float8, amount float8, fixed_price float8,
    mondialrelay_brand varchar, mondialrelay_packagetype varchar
);

create table discuss_channel (
    id serial, parent_channel_id int, from_message_id int, group_public_id int, create_uid int,
    write_uid int, name varchar not null, channel_type varchar not null,
    default_display_mode varchar, sfu_channel_uuid varchar, sfu_server_url varchar,
    uuid varchar(50), description text, active bool, allow_public_upload bool,
    last_interest_dt timestamp, create_date timestamp, write_date timestamp
);

create table discuss_channel_member (
    id serial, partner_id int, guest_id int, channel_id int not null, fetched_message_id int,
    seen_message_id int, new_message_separator int not null, create_uid int, write_uid int,
    custom_channel_name varchar, fold_state varchar, custom_notifications varchar,
    mute_until_dt timestamp, unpin_dt timestamp, last_interest_dt timestamp,
    last_seen_dt timestamp, create_date timestamp, write_date timestamp
);

create table fetchmail_server (
    id serial, port int, object_id int, priority int, create_uid int, write_uid int,
    name varchar not null, state varchar, server varchar, server_type varchar not null,
    "user" varchar, password varchar, script varchar, configuration text, active bool,
    is_ssl bool, attach bool, original bool, date timestamp, create_date timestamp,
    write_date timestamp, google_gmail_access_token_expiration int,
    google_gmail_authorization_code varchar, google_gmail_refresh_token varchar,
    google_gmail_access_token varchar, microsoft_outlook_access_token_expiration int,
    microsoft_outlook_refresh_token varchar, microsoft_outlook_access_token varchar
);

create table hr_department (
    id serial, company_id int, parent_id int, manager_id int, color int,
    master_department_id int, create_uid int, write_uid int, complete_name varchar,
    parent_path varchar, name jsonb not null, note text, active bool, create_date timestamp,
    write_date timestamp
);

create table hr_employee (
    id serial, resource_id int not null, company_id int not null, resource_calendar_id int,
    message_main_attachment_id int, color int, department_id int, job_id int, address_id int,
    work_contact_id int, user_id int, parent_id int, coach_id int, private_state_id int,
    private_country_id int, country_id int, children int, country_of_birth int,
    bank_account_id int, distance_home_work int, km_home_work int, create_uid int,
    write_uid int, name varchar, job_title varchar, work_phone varchar, mobile_phone varchar,
    work_email varchar, private_street varchar, private_street2 varchar, private_city varchar,
    private_zip varchar, private_phone varchar, private_email varchar, lang varchar,
    gender varchar, marital varchar not null, spouse_complete_name varchar,
    place_of_birth varchar, ssnid varchar, sinid varchar, identification_id varchar,
    passport_id varchar, permit_no varchar, visa_no varchar, certificate varchar,
    study_field varchar, study_school varchar, emergency_contact varchar,
    emergency_phone varchar, distance_home_work_unit varchar not null,
    employee_type varchar not null, barcode varchar, pin varchar, private_car_plate varchar,
    spouse_birthdate date, birthday date, visa_expire date, work_permit_expiration_date date,
    departure_date date, employee_properties jsonb, additional_note text, notes text,
    departure_description text, active bool, is_flexible bool, is_fully_flexible bool,
    work_permit_scheduled_activity bool, create_date timestamp, write_date timestamp,
    legal_name varchar, expense_manager_id int, leave_manager_id int
);

create table hr_job (
    id serial, sequence int, expected_employees int, no_of_employee int, no_of_recruitment int,
    department_id int, company_id int, create_uid int, write_uid int, name jsonb not null,
    description text, requirements text, active bool, create_date timestamp,
    write_date timestamp
);

create table iap_account (
    id serial, service_id int not null, create_uid int, write_uid int, name varchar,
    account_token varchar(43), balance varchar, state varchar, service_locked bool,
    create_date timestamp, write_date timestamp, warning_threshold float8, sender_name varchar
);

create table iap_service (
    id serial, create_uid int, write_uid int, name varchar not null,
    technical_name varchar not null, description jsonb not null, unit_name jsonb not null,
    integer_balance bool not null, create_date timestamp, write_date timestamp
);

create table ir_act_server (
    sequence int, model_id int not null, crud_model_id int, link_field_id int,
    update_field_id int, update_related_model_id int, usage varchar not null,
    state varchar not null, model_name varchar, update_path varchar,
    update_m2m_operation varchar, update_boolean_value varchar, evaluation_type varchar,
    resource_ref varchar, webhook_url varchar, code text, value text, template_id int,
    activity_type_id int, activity_date_deadline_range int, activity_user_id int,
    mail_post_method varchar, activity_summary varchar,
    activity_date_deadline_range_type varchar, activity_user_type varchar,
    activity_user_field_name varchar, activity_note text, mail_post_autofollow bool,
    sms_method varchar, base_automation_id int
) inherits (ir_actions);

create table ir_attachment (
    id serial, res_id int, company_id int, file_size int, create_uid int, write_uid int,
    name varchar not null, res_model varchar, res_field varchar, type varchar not null,
    url varchar(1024), access_token varchar, store_fname varchar, checksum varchar(40),
    mimetype varchar, description text, index_content text, public bool, create_date timestamp,
    write_date timestamp, db_datas bytea, original_id int
);

create table ir_config_parameter (
    id serial, create_uid int, write_uid int, key varchar not null, value text not null,
    create_date timestamp, write_date timestamp
);

create table ir_cron (
    id serial, ir_actions_server_id int not null, user_id int not null,
    interval_number int not null, priority int, failure_count int, create_uid int,
    write_uid int, cron_name varchar, interval_type varchar not null, active bool,
    nextcall timestamp not null, lastcall timestamp, first_failure_date timestamp,
    create_date timestamp, write_date timestamp
);

create table ir_logging (
    id serial, create_uid int, write_uid int, name varchar not null, type varchar not null,
    dbname varchar, level varchar, path varchar not null, func varchar not null,
    line varchar not null, message text not null, create_date timestamp, write_date timestamp
);

create table ir_mail_server (
    id serial, smtp_port int, sequence int, create_uid int, write_uid int,
    name varchar not null, from_filter varchar, smtp_host varchar,
    smtp_authentication varchar not null, smtp_user varchar, smtp_pass varchar,
    smtp_encryption varchar not null, smtp_debug bool, active bool, create_date timestamp,
    write_date timestamp, max_email_size float8, smtp_ssl_certificate bytea,
    smtp_ssl_private_key bytea, google_gmail_access_token_expiration int,
    google_gmail_authorization_code varchar, google_gmail_refresh_token varchar,
    google_gmail_access_token varchar, microsoft_outlook_access_token_expiration int,
    microsoft_outlook_refresh_token varchar, microsoft_outlook_access_token varchar
);

create table ir_model (
    id serial, create_uid int, write_uid int, model varchar not null, "order" varchar not null,
    state varchar, name jsonb not null, info text, transient bool, create_date timestamp,
    write_date timestamp, is_mail_thread bool, is_mail_activity bool, is_mail_blacklist bool
);

create table ir_model_data (
    id serial, create_uid int, create_date timestamp default (now() at time zone 'UTC'),
    write_date timestamp default (now() at time zone 'UTC'), write_uid int, res_id int,
    noupdate bool default false, name varchar not null, module varchar not null,
    model varchar not null
);

create table ir_model_fields (
    id serial, relation_field_id int, model_id int not null, related_field_id int, size int,
    create_uid int, write_uid int, name varchar not null, complete_name varchar,
    model varchar not null, relation varchar, relation_field varchar, ttype varchar not null,
    related varchar, state varchar not null, on_delete varchar, domain varchar,
    relation_table varchar, column1 varchar, column2 varchar, depends varchar,
    currency_field varchar, field_description jsonb not null, help jsonb, compute text,
    copied bool, required bool, readonly bool, index bool, translate bool,
    company_dependent bool, group_expand bool, selectable bool, store bool, sanitize bool,
    sanitize_overridable bool, sanitize_tags bool, sanitize_attributes bool,
    sanitize_style bool, sanitize_form bool, strip_style bool, strip_classes bool,
    create_date timestamp, write_date timestamp, tracking int
);

create table ir_module_category (
    id serial, create_uid int, create_date timestamp, write_date timestamp, write_uid int,
    parent_id int, name jsonb not null, sequence int, description jsonb, visible bool,
    exclusive bool
);

create table ir_module_module (
    id serial, create_uid int, create_date timestamp, write_date timestamp, write_uid int,
    website varchar, summary jsonb, name varchar not null, author varchar, icon varchar,
    state varchar(16), latest_version varchar, shortdesc jsonb, category_id int,
    description jsonb, application bool default false, demo bool default false,
    web bool default false, license varchar(32), sequence int default 100,
    auto_install bool default false, to_buy bool default false, maintainer varchar,
    published_version varchar, url varchar, contributors text, menus_by_module text,
    reports_by_module text, views_by_module text, module_type varchar, imported bool
);

create table ir_sequence (
    id serial, number_next int not null, number_increment int not null, padding int not null,
    company_id int, create_uid int, write_uid int, name varchar not null, code varchar,
    implementation varchar not null, prefix varchar, suffix varchar, active bool,
    use_date_range bool, create_date timestamp, write_date timestamp
);

create table ir_sequence_date_range (
    id serial, sequence_id int not null, number_next int not null, create_uid int,
    write_uid int, date_from date not null, date_to date not null, create_date timestamp,
    write_date timestamp
);

create table ir_ui_view (
    id serial, priority int not null, inherit_id int, create_uid int, write_uid int,
    name varchar not null, model varchar, key varchar, type varchar, arch_fs varchar,
    mode varchar not null, arch_db jsonb, arch_prev text, arch_updated bool, active bool,
    create_date timestamp, write_date timestamp, customize_show bool
);

create table mail_activity (
    id serial, res_model_id int not null, res_id int, activity_type_id int,
    user_id int not null, request_partner_id int, recommended_activity_type_id int,
    previous_activity_type_id int, create_uid int, write_uid int, res_model varchar,
    res_name varchar, summary varchar, user_tz varchar, date_deadline date not null,
    date_done date, note text, automated bool, active bool, create_date timestamp,
    write_date timestamp, calendar_event_id int
);

create table mail_activity_type (
    id serial, sequence int, create_uid int, delay_count int, triggered_next_type_id int,
    default_user_id int, write_uid int, delay_unit varchar not null,
    delay_from varchar not null, icon varchar, decoration_type varchar, res_model varchar,
    chaining_type varchar not null, category varchar, name jsonb not null, summary jsonb,
    default_note jsonb, active bool, keep_done bool, create_date timestamp, write_date timestamp
);

create table mail_alias (
    id serial, alias_domain_id int, alias_model_id int not null, alias_force_thread_id int,
    alias_parent_model_id int, alias_parent_thread_id int, create_uid int, write_uid int,
    alias_name varchar, alias_full_name varchar, alias_contact varchar not null,
    alias_status varchar, alias_bounced_content jsonb, alias_defaults text not null,
    alias_incoming_local bool, create_date timestamp, write_date timestamp
);

create table mail_alias_domain (
    id serial, sequence int, create_uid int, write_uid int, name varchar not null,
    bounce_alias varchar not null, catchall_alias varchar not null, default_from varchar,
    create_date timestamp, write_date timestamp
);

create table mail_blacklist (
    id serial, create_uid int, write_uid int, email varchar not null, active bool,
    create_date timestamp, write_date timestamp
);

create table mail_followers (
    id serial, res_id int, partner_id int not null, res_model varchar not null
);

create table mail_guest (
    id serial, country_id int, create_uid int, write_uid int, name varchar not null,
    access_token varchar not null, lang varchar, timezone varchar, create_date timestamp,
    write_date timestamp
);

create table mail_mail (
    id serial, mail_message_id int not null, fetchmail_server_id int, create_uid int,
    write_uid int, email_cc varchar, state varchar, failure_type varchar, body_html text,
    "references" text, headers text, email_to text, failure_reason text, is_notification bool,
    auto_delete bool, scheduled_date timestamp, create_date timestamp, write_date timestamp
);

create table mail_mail_res_partner_rel (
    mail_mail_id int not null, res_partner_id int not null
);

create table mail_message (
    id serial, parent_id int, res_id int, record_alias_domain_id int, record_company_id int,
    subtype_id int, mail_activity_type_id int, author_id int, author_guest_id int,
    mail_server_id int, create_uid int, write_uid int, subject varchar, model varchar,
    record_name varchar, message_type varchar not null, email_from varchar, message_id varchar,
    reply_to varchar, email_layout_xmlid varchar, body text, is_internal bool,
    reply_to_force_new bool, email_add_signature bool, date timestamp, pinned_at timestamp,
    create_date timestamp, write_date timestamp
);

create table mail_message_res_partner_rel (
    mail_message_id int not null, res_partner_id int not null
);

create table mail_message_subtype (
    id serial, parent_id int, sequence int, create_uid int, write_uid int,
    relation_field varchar, res_model varchar, name jsonb not null, description jsonb,
    internal bool, "default" bool, hidden bool, track_recipients bool, create_date timestamp,
    write_date timestamp
);

create table mail_notification (
    id serial, author_id int, mail_message_id int not null, mail_mail_id int,
    res_partner_id int, notification_type varchar not null, notification_status varchar,
    failure_type varchar, failure_reason text, is_read bool, read_date timestamp,
    sms_id_int int, sms_number varchar, letter_id int
);

create table mail_push (
    id serial, mail_push_device_id int not null, create_uid int, write_uid int, payload text,
    create_date timestamp, write_date timestamp
);

create table mail_push_device (
    id serial, partner_id int not null, create_uid int, write_uid int,
    endpoint varchar not null, keys varchar not null, expiration_time timestamp,
    create_date timestamp, write_date timestamp
);

create table mail_template (
    id serial, model_id int, user_id int, mail_server_id int, create_uid int, write_uid int,
    template_fs varchar, lang varchar, model varchar, email_from varchar, email_to varchar,
    partner_to varchar, email_cc varchar, reply_to varchar, email_layout_xmlid varchar,
    scheduled_date varchar, name jsonb, description jsonb, subject jsonb, body_html jsonb,
    active bool, use_default_to bool, auto_delete bool, create_date timestamp,
    write_date timestamp
);

create table mail_tracking_value (
    id serial, field_id int, old_value_integer int, new_value_integer int, currency_id int,
    mail_message_id int not null, create_uid int, write_uid int, old_value_char varchar,
    new_value_char varchar, field_info jsonb, old_value_text text, new_value_text text,
    old_value_datetime timestamp, new_value_datetime timestamp, create_date timestamp,
    write_date timestamp, old_value_float float8, new_value_float float8
);

create table message_attachment_rel (
    message_id int not null, attachment_id int not null
);

create table payment_method (
    id serial, sequence int, primary_payment_method_id int, create_uid int, write_uid int,
    code varchar not null, support_refund varchar not null, name jsonb not null, active bool,
    support_tokenization bool, support_express_checkout bool, create_date timestamp,
    write_date timestamp
);

create table payment_provider (
    id serial, sequence int, company_id int not null, redirect_form_view_id int,
    inline_form_view_id int, token_inline_form_view_id int, express_checkout_form_view_id int,
    color int, module_id int, create_uid int, write_uid int, code varchar not null,
    state varchar not null, name jsonb not null, pre_msg jsonb, pending_msg jsonb,
    auth_msg jsonb, done_msg jsonb, cancel_msg jsonb, maximum_amount numeric, is_published bool,
    allow_tokenization bool, capture_manually bool, allow_express_checkout bool,
    create_date timestamp, write_date timestamp, stripe_publishable_key varchar,
    stripe_secret_key varchar, stripe_webhook_secret varchar, so_reference_type varchar,
    adyen_merchant_account varchar, adyen_api_key varchar, adyen_client_key varchar,
    adyen_hmac_key varchar, adyen_api_url_prefix varchar, paypal_email_account varchar,
    paypal_client_id varchar, paypal_client_secret varchar, paypal_access_token varchar,
    paypal_webhook_id varchar, paypal_access_token_expiry timestamp
);

create table payment_token (
    id serial, provider_id int not null, company_id int, payment_method_id int not null,
    partner_id int not null, create_uid int, write_uid int, payment_details varchar,
    provider_ref varchar not null, active bool, create_date timestamp, write_date timestamp,
    demo_simulated_state varchar, stripe_payment_method varchar, stripe_mandate varchar
);

create table payment_transaction (
    id serial, provider_id int not null, company_id int, payment_method_id int not null,
    currency_id int not null, token_id int, source_transaction_id int, partner_id int not null,
    partner_state_id int, partner_country_id int, create_uid int, write_uid int,
    reference varchar not null, provider_reference varchar, state varchar not null,
    operation varchar, landing_route varchar, partner_name varchar, partner_lang varchar,
    partner_email varchar, partner_address varchar, partner_zip varchar, partner_city varchar,
    partner_phone varchar, state_message text, amount numeric not null, is_post_processed bool,
    tokenize bool, last_state_change timestamp, create_date timestamp, write_date timestamp,
    payment_id int
);

create table phone_blacklist (
    id serial, create_uid int, write_uid int, number varchar not null, active bool,
    create_date timestamp, write_date timestamp
);

create table procurement_group (
    id serial, partner_id int, create_uid int, write_uid int, name varchar not null,
    move_type varchar, create_date timestamp, write_date timestamp, sale_id int
);

create table product_category (
    id serial, parent_id int, create_uid int, write_uid int, name varchar not null,
    complete_name varchar, parent_path varchar, product_properties_definition jsonb,
    create_date timestamp, write_date timestamp, property_account_income_categ_id jsonb,
    property_account_expense_categ_id jsonb, packaging_reserve_method varchar,
    property_valuation jsonb, property_cost_method jsonb, property_stock_journal jsonb,
    property_stock_account_input_categ_id jsonb, property_stock_account_output_categ_id jsonb,
    property_stock_valuation_account_id jsonb,
    property_account_creditor_price_difference_categ jsonb,
    property_account_downpayment_categ_id jsonb
);

create table product_pricelist (
    id serial, sequence int, currency_id int not null, company_id int, create_uid int,
    write_uid int, name jsonb not null, active bool, create_date timestamp, write_date timestamp
);

create table product_product (
    id serial, product_tmpl_id int not null, create_uid int, write_uid int,
    default_code varchar, barcode varchar, combination_indices varchar, standard_price jsonb,
    volume numeric, weight numeric, active bool, can_image_variant_1024_be_zoomed bool,
    write_date timestamp, create_date timestamp, lot_properties_definition jsonb
);

create table product_supplierinfo (
    id serial, partner_id int not null, sequence int, company_id int, currency_id int not null,
    product_id int, product_tmpl_id int, delay int not null, create_uid int, write_uid int,
    product_name varchar, product_code varchar, date_start date, date_end date,
    min_qty numeric not null, price numeric not null, discount numeric, create_date timestamp,
    write_date timestamp
);

create table product_taxes_rel (
    prod_id int not null, tax_id int not null
);

create table product_template (
    id serial, sequence int, categ_id int not null, uom_id int not null, uom_po_id int not null,
    company_id int, color int, create_uid int, write_uid int, type varchar not null,
    service_tracking varchar not null, default_code varchar, name jsonb not null,
    description jsonb, description_purchase jsonb, description_sale jsonb,
    product_properties jsonb, list_price numeric, volume numeric, weight numeric, sale_ok bool,
    purchase_ok bool, active bool, can_image_1024_be_zoomed bool,
    has_configurable_attributes bool, is_favorite bool, create_date timestamp,
    write_date timestamp, property_account_income_id jsonb, property_account_expense_id jsonb,
    sale_delay int, tracking varchar not null, responsible_id jsonb,
    property_stock_production jsonb, property_stock_inventory jsonb, description_picking jsonb,
    description_pickingout jsonb, description_pickingin jsonb, is_storable bool,
    purchase_method varchar, purchase_line_warn varchar not null, purchase_line_warn_msg text,
    lot_valuated bool, property_account_creditor_price_difference jsonb, service_type varchar,
    sale_line_warn varchar not null, expense_policy varchar, invoice_policy varchar,
    sale_line_warn_msg text, service_to_purchase jsonb, country_of_origin int, hs_code varchar
);

create table purchase_order (
    id serial, partner_id int not null, dest_address_id int, currency_id int not null,
    invoice_count int, payment_term_id int, user_id int, company_id int not null,
    create_uid int, write_uid int, access_token varchar, name varchar not null,
    priority varchar, origin varchar, partner_ref varchar, state varchar,
    invoice_status varchar, notes text, amount_untaxed numeric, amount_tax numeric,
    amount_total numeric, amount_total_cc numeric, currency_rate numeric,
    mail_reminder_confirmed bool, mail_reception_confirmed bool, mail_reception_declined bool,
    date_order timestamp not null, date_approve timestamp, date_planned timestamp,
    date_calendar_start timestamp, create_date timestamp, write_date timestamp,
    picking_type_id int not null, group_id int, incoterm_location varchar,
    receipt_status varchar, effective_date timestamp
);

create table purchase_order_line (
    id serial, sequence int, product_uom int, product_id int, order_id int not null,
    company_id int, partner_id int, currency_id int, create_uid int, write_uid int,
    state varchar, qty_received_method varchar, display_type varchar,
    analytic_distribution jsonb, name text not null, product_qty numeric not null,
    discount numeric, price_unit numeric not null, price_subtotal numeric, price_total numeric,
    qty_invoiced numeric, qty_received numeric, qty_received_manual numeric,
    qty_to_invoice numeric, is_downpayment bool, date_planned timestamp, create_date timestamp,
    write_date timestamp, product_uom_qty float8, price_tax float8,
    product_packaging_qty float8, location_final_id int, group_id int,
    product_description_variants varchar, propagate_cancel bool, sale_order_id int,
    sale_line_id int
);

create table res_bank (
    id serial, state int, country int, create_uid int, write_uid int, name varchar not null,
    street varchar, street2 varchar, zip varchar, city varchar, email varchar, phone varchar,
    bic varchar, active bool, create_date timestamp, write_date timestamp
);

create table res_company (
    id serial, name varchar not null, partner_id int not null, currency_id int not null,
    sequence int, create_date timestamp, parent_path varchar, parent_id int,
    external_report_layout_id int, create_uid int, write_uid int, email varchar, phone varchar,
    mobile varchar, font varchar, primary_color varchar, secondary_color varchar,
    layout_background varchar not null, report_header jsonb, report_footer jsonb,
    company_details jsonb, active bool, uses_default_logo bool, write_date timestamp,
    logo_web bytea, resource_calendar_id int, alias_domain_id int, alias_domain_name varchar,
    email_primary_color varchar, email_secondary_color varchar, partner_gid int,
    iap_enrich_auto_done bool, snailmail_color bool, snailmail_cover bool,
    snailmail_duplex bool, payment_onboarding_payment_method varchar,
    fiscalyear_last_day int not null, transfer_account_id int,
    default_cash_difference_income_account_id int,
    default_cash_difference_expense_account_id int, account_journal_suspense_account_id int,
    account_journal_early_pay_discount_gain_account_id int,
    account_journal_early_pay_discount_loss_account_id int, account_sale_tax_id int,
    account_purchase_tax_id int, currency_exchange_journal_id int,
    income_currency_exchange_account_id int, expense_currency_exchange_account_id int,
    batch_payment_sequence_id int, account_opening_move_id int,
    account_default_pos_receivable_account_id int, expense_accrual_account_id int,
    revenue_accrual_account_id int, automatic_entry_default_journal_id int,
    account_fiscal_country_id int, tax_cash_basis_journal_id int,
    account_cash_basis_base_account_id int, account_discount_income_allocation_id int,
    account_discount_expense_allocation_id int, fiscalyear_last_month varchar not null,
    chart_template varchar, bank_account_code_prefix varchar, cash_account_code_prefix varchar,
    transfer_account_code_prefix varchar, tax_calculation_rounding_method varchar,
    terms_type varchar, quick_edit_mode varchar, account_price_include varchar not null,
    fiscalyear_lock_date date, tax_lock_date date, sale_lock_date date, purchase_lock_date date,
    hard_lock_date date, account_opening_date date not null, invoice_terms jsonb,
    invoice_terms_html jsonb, expects_chart_of_accounts bool, anglo_saxon_accounting bool,
    qr_code bool, display_invoice_amount_total_words bool,
    display_invoice_tax_company_currency bool, account_use_credit_limit bool,
    tax_exigibility bool, account_storno bool, check_account_audit_trail bool,
    autopost_bills bool, hr_presence_control_email_amount int,
    hr_presence_control_ip_list varchar, employee_properties_definition jsonb,
    hr_presence_control_login bool, hr_presence_control_email bool, hr_presence_control_ip bool,
    hr_presence_control_attendance bool, internal_transit_location_id int,
    stock_mail_confirmation_template_id int, annual_inventory_day int,
    annual_inventory_month varchar, stock_move_email_validation bool, po_lock varchar,
    po_double_validation varchar, po_double_validation_amount numeric, po_lead float8 not null,
    account_production_wip_account_id int, account_production_wip_overhead_account_id int,
    stock_move_sms_validation bool, has_received_warning_stock_sms bool,
    days_to_purchase float8, quotation_validity_days int, sale_discount_product_id int,
    sale_onboarding_payment_method varchar, portal_confirmation_sign bool,
    portal_confirmation_pay bool, prepayment_percent float8, security_lead float8 not null
);

create table res_company_ldap (
    id serial, sequence int, company int not null, ldap_server_port int not null, "user" int,
    create_uid int, write_uid int, ldap_server varchar not null, ldap_binddn varchar,
    ldap_password varchar, ldap_filter varchar not null, ldap_base varchar not null,
    create_user bool, ldap_tls bool, create_date timestamp, write_date timestamp
);

create table res_company_users_rel (
    cid int not null, user_id int not null
);

create table res_country (
    id serial, address_view_id int, currency_id int, phone_code int, create_uid int,
    write_uid int, code varchar(2) not null, name_position varchar, name jsonb not null,
    vat_label jsonb, address_format text, state_required bool, zip_required bool,
    create_date timestamp, write_date timestamp
);

create table res_country_state (
    id serial, country_id int not null, create_uid int, write_uid int, name varchar not null,
    code varchar not null, create_date timestamp, write_date timestamp
);

create table res_currency (
    id serial, name varchar not null, symbol varchar not null, iso_numeric int,
    decimal_places int, create_uid int, write_uid int, full_name varchar, "position" varchar,
    currency_unit_label jsonb, currency_subunit_label jsonb, rounding numeric, active bool,
    create_date timestamp, write_date timestamp
);

create table res_currency_rate (
    id serial, currency_id int not null, company_id int, create_uid int, write_uid int,
    name date not null, rate numeric, create_date timestamp, write_date timestamp
);

create table res_device_log (
    id serial, user_id int, create_uid int, write_uid int, session_identifier varchar not null,
    platform varchar, browser varchar, ip_address varchar, country varchar, city varchar,
    device_type varchar, revoked bool, first_activity timestamp, last_activity timestamp,
    create_date timestamp, write_date timestamp
);

create table res_groups (
    id serial, name jsonb not null, category_id int, color int, create_uid int, write_uid int,
    comment jsonb, share bool, create_date timestamp, write_date timestamp,
    api_key_duration float8
);

create table res_groups_users_rel (
    gid int not null, uid int not null
);

create table res_lang (
    id serial, create_uid int, write_uid int, name varchar not null, code varchar not null,
    iso_code varchar, url_code varchar not null, direction varchar not null,
    date_format varchar not null, time_format varchar not null,
    short_time_format varchar not null, week_start varchar not null,
    "grouping" varchar not null, decimal_point varchar not null, thousands_sep varchar,
    active bool, create_date timestamp, write_date timestamp
);

create table res_partner (
    id serial, company_id int, create_date timestamp, name varchar, title int, parent_id int,
    user_id int, state_id int, country_id int, industry_id int, color int,
    commercial_partner_id int, create_uid int, write_uid int, complete_name varchar,
    ref varchar, lang varchar, tz varchar, vat varchar, company_registry varchar,
    website varchar, function varchar, type varchar, street varchar, street2 varchar,
    zip varchar, city varchar, email varchar, phone varchar, mobile varchar,
    commercial_company_name varchar, company_name varchar, barcode jsonb, comment text,
    partner_latitude numeric, partner_longitude numeric, active bool, employee bool,
    is_company bool, partner_share bool, write_date timestamp, message_bounce int,
    email_normalized varchar, signup_type varchar, calendar_last_notif_ack timestamp,
    specific_property_product_pricelist jsonb, partner_gid int, additional_info varchar,
    phone_sanitized varchar, supplier_rank int, customer_rank int, invoice_warn varchar,
    autopost_bills varchar not null, credit_limit jsonb, property_account_payable_id jsonb,
    property_account_receivable_id jsonb, property_account_position_id jsonb,
    property_payment_term_id jsonb, property_supplier_payment_term_id jsonb, trust jsonb,
    ignore_abnormal_invoice_date jsonb, ignore_abnormal_invoice_amount jsonb,
    invoice_sending_method jsonb, invoice_edi_format_store jsonb,
    property_outbound_payment_method_line_id jsonb,
    property_inbound_payment_method_line_id jsonb, invoice_warn_msg text, debit_limit numeric,
    picking_warn varchar, property_stock_customer jsonb, property_stock_supplier jsonb,
    picking_warn_msg text, peppol_endpoint varchar, peppol_eas varchar, buyer_id int,
    purchase_warn varchar, property_purchase_currency_id jsonb, receipt_reminder_email jsonb,
    reminder_date_before_receipt jsonb, purchase_warn_msg text, sale_warn varchar,
    sale_warn_msg text, property_delivery_carrier_id jsonb, website_id int
);

create table res_partner_bank (
    id serial, partner_id int not null, bank_id int, sequence int, currency_id int,
    company_id int, create_uid int, write_uid int, acc_number varchar not null,
    sanitized_acc_number varchar, acc_holder_name varchar, active bool, allow_out_payment bool,
    create_date timestamp, write_date timestamp, aba_routing varchar, has_iban_warning bool,
    has_money_transfer_warning bool
);

create table res_partner_category (
    id serial, color int, parent_id int, create_uid int, write_uid int, parent_path varchar,
    name jsonb not null, active bool, create_date timestamp, write_date timestamp
);

create table res_partner_industry (
    id serial, create_uid int, write_uid int, name jsonb, full_name jsonb, active bool,
    create_date timestamp, write_date timestamp
);

create table res_partner_res_partner_category_rel (
    category_id int not null, partner_id int not null
);

create table res_partner_title (
    id serial, create_uid int, write_uid int, name jsonb not null, shortcut jsonb,
    create_date timestamp, write_date timestamp
);

create table res_users (
    id serial, company_id int not null, partner_id int not null, active bool default true,
    create_date timestamp, login varchar not null, password varchar, action_id int,
    create_uid int, write_uid int, signature text, share bool, write_date timestamp,
    totp_secret varchar, tour_enabled bool, notification_type varchar not null,
    odoobot_state varchar, odoobot_failed bool, sale_team_id int, oauth_provider_id int,
    oauth_uid varchar, oauth_access_token varchar, target_sales_won int, target_sales_done int,
    target_sales_invoiced int, property_warehouse_id jsonb, microsoft_calendar_rtoken varchar,
    microsoft_calendar_token varchar, microsoft_calendar_token_validity timestamp, karma int
);

create table res_users_apikeys (
    id serial, name varchar not null, user_id int not null, scope varchar,
    expiration_date timestamp, index varchar(8), key varchar,
    create_date timestamp default (now() at time zone 'utc')
);

create table res_users_log (
    id serial, create_uid int, write_uid int, create_date timestamp, write_date timestamp
);

create table res_users_settings (
    id serial, user_id int not null, create_uid int, write_uid int, create_date timestamp,
    write_date timestamp, voice_active_duration int, push_to_talk_key varchar,
    channel_notifications varchar, is_discuss_sidebar_category_channel_open bool,
    is_discuss_sidebar_category_chat_open bool, use_push_to_talk bool, mute_until_dt timestamp,
    calendar_default_privacy varchar not null, google_calendar_rtoken varchar,
    google_calendar_token varchar, google_calendar_sync_token varchar,
    google_calendar_cal_id varchar, google_synchronization_stopped bool,
    google_calendar_token_validity timestamp, microsoft_calendar_sync_token varchar,
    microsoft_synchronization_stopped bool, microsoft_last_sync_date timestamp
);

create table resource_calendar (
    id serial, company_id int, create_uid int, write_uid int, name varchar not null,
    tz varchar not null, hours_per_day numeric, active bool, two_weeks_calendar bool,
    flexible_hours bool, create_date timestamp, write_date timestamp,
    full_time_required_hours float8
);

create table resource_resource (
    id serial, company_id int, user_id int, calendar_id int, create_uid int, write_uid int,
    name varchar not null, resource_type varchar not null, tz varchar not null, active bool,
    create_date timestamp, write_date timestamp, time_efficiency float8 not null
);

create table sale_order (
    id serial, company_id int not null, partner_id int not null, journal_id int,
    partner_invoice_id int not null, partner_shipping_id int not null, payment_term_id int,
    pricelist_id int, currency_id int, user_id int, team_id int, create_uid int, write_uid int,
    access_token varchar, name varchar not null, state varchar, client_order_ref varchar,
    origin varchar, reference varchar, signed_by varchar, invoice_status varchar,
    validity_date date, note text, currency_rate numeric, amount_untaxed numeric,
    amount_tax numeric, amount_total numeric, locked bool, require_signature bool,
    require_payment bool, create_date timestamp, commitment_date timestamp,
    date_order timestamp not null, signed_on timestamp, write_date timestamp,
    prepayment_percent float8, carrier_id int, delivery_message varchar,
    pickup_location_data jsonb, recompute_delivery_price bool, shipping_weight float8,
    pending_email_template_id int, opportunity_id int, warehouse_id int,
    procurement_group_id int, incoterm_location varchar, picking_policy varchar not null,
    delivery_status varchar, effective_date timestamp, customizable_pdf_form_fields jsonb
);

create table sale_order_line (
    id serial, order_id int not null, sequence int, company_id int, currency_id int,
    order_partner_id int, salesman_id int, product_id int, product_uom int, linked_line_id int,
    create_uid int, write_uid int, state varchar, display_type varchar, virtual_id varchar,
    linked_virtual_id varchar, qty_delivered_method varchar, invoice_status varchar,
    analytic_distribution jsonb, name text not null, product_uom_qty numeric not null,
    price_unit numeric not null, discount numeric, price_subtotal numeric, price_total numeric,
    price_reduce_taxexcl numeric, price_reduce_taxinc numeric, qty_delivered numeric,
    qty_invoiced numeric, qty_to_invoice numeric, untaxed_amount_invoiced numeric,
    untaxed_amount_to_invoice numeric, is_downpayment bool, is_expense bool,
    create_date timestamp, write_date timestamp, technical_price_unit float8, price_tax float8,
    product_packaging_qty float8, customer_lead float8 not null, is_delivery bool, route_id int,
    warehouse_id int
);

create table sale_order_line_invoice_rel (
    invoice_line_id int not null, order_line_id int not null
);

create table sms_sms (
    id serial, partner_id int, mail_message_id int, create_uid int, write_uid int, uuid varchar,
    number varchar, state varchar not null, failure_type varchar, body text, to_delete bool,
    create_date timestamp, write_date timestamp
);

create table snailmail_letter (
    id serial, user_id int, res_id int not null, partner_id int not null,
    company_id int not null, attachment_id int, message_id int, state_id int, country_id int,
    create_uid int, write_uid int, model varchar not null, state varchar not null,
    error_code varchar, street varchar, street2 varchar, zip varchar, city varchar,
    info_msg text, color bool, cover bool, duplex bool, create_date timestamp,
    write_date timestamp
);

create table stock_location (
    id serial, location_id int, posx int, posy int, posz int, company_id int,
    cyclic_inventory_frequency int, warehouse_id int, create_uid int, write_uid int,
    name varchar not null, complete_name varchar, usage varchar not null, parent_path varchar,
    barcode varchar, last_inventory_date date, next_inventory_date date, comment text,
    active bool, scrap_location bool, replenish_location bool, create_date timestamp,
    write_date timestamp, valuation_in_account_id int, valuation_out_account_id int
);

create table stock_lot (
    id serial, product_id int not null, product_uom_id int, company_id int, location_id int,
    create_uid int, write_uid int, name varchar not null, ref varchar, lot_properties jsonb,
    note text, create_date timestamp, write_date timestamp, standard_price jsonb
);

create table stock_move (
    id serial, sequence int, company_id int not null, product_id int not null,
    product_uom int not null, location_id int not null, location_dest_id int not null,
    location_final_id int, partner_id int, picking_id int, group_id int, rule_id int,
    picking_type_id int, origin_returned_move_id int, restrict_partner_id int, warehouse_id int,
    next_serial_count int, create_uid int, write_uid int, name varchar not null,
    priority varchar, state varchar, origin varchar, procure_method varchar not null,
    reference varchar, next_serial varchar, reservation_date date, description_picking text,
    product_qty numeric, product_uom_qty numeric not null, quantity numeric, picked bool,
    scrapped bool, propagate_cancel bool, is_inventory bool, additional bool,
    date timestamp not null, date_deadline timestamp, delay_alert_date timestamp,
    create_date timestamp, write_date timestamp, price_unit float8, to_refund bool,
    purchase_line_id int, sale_line_id int, weight numeric
);

create table stock_move_line (
    id serial, picking_id int, move_id int, company_id int not null, product_id int,
    product_uom_id int not null, lot_id int, owner_id int, location_id int not null,
    location_dest_id int not null, create_uid int, write_uid int, lot_name varchar,
    state varchar, reference varchar, description_picking text, quantity numeric,
    quantity_product_uom numeric, picked bool, date timestamp not null, create_date timestamp,
    write_date timestamp, carrier_id int
);

create table stock_picking (
    id serial, backorder_id int, return_id int, group_id int, location_id int not null,
    location_dest_id int not null, picking_type_id int not null, partner_id int, company_id int,
    user_id int, owner_id int, create_uid int, write_uid int, name varchar, origin varchar,
    move_type varchar not null, state varchar, priority varchar, picking_properties jsonb,
    note text, has_deadline_issue bool, printed bool, is_locked bool, scheduled_date timestamp,
    date_deadline timestamp, date timestamp, date_done timestamp, create_date timestamp,
    write_date timestamp, sale_id int, carrier_id int, carrier_tracking_ref varchar,
    weight numeric, carrier_price float8
);

create table stock_picking_type (
    id serial, color int, sequence int, sequence_id int, default_location_src_id int not null,
    default_location_dest_id int not null, return_picking_type_id int, warehouse_id int,
    reservation_days_before int, reservation_days_before_priority int, company_id int not null,
    create_uid int, write_uid int, sequence_code varchar not null, code varchar not null,
    reservation_method varchar not null, product_label_format varchar, lot_label_format varchar,
    package_label_to_print varchar, barcode varchar, create_backorder varchar not null,
    move_type varchar not null, name jsonb not null, picking_properties_definition jsonb,
    show_entire_packs bool, active bool, use_create_lots bool, use_existing_lots bool,
    print_label bool, show_operations bool, auto_show_reception_report bool,
    auto_print_delivery_slip bool, auto_print_return_slip bool, auto_print_product_labels bool,
    auto_print_lot_labels bool, auto_print_reception_report bool,
    auto_print_reception_report_labels bool, auto_print_packages bool,
    auto_print_package_label bool, create_date timestamp, write_date timestamp
);

create table stock_quant (
    id serial, product_id int not null, company_id int, location_id int not null, lot_id int,
    owner_id int, user_id int, create_uid int, write_uid int, inventory_date date,
    quantity numeric, reserved_quantity numeric not null, inventory_quantity numeric,
    inventory_diff_quantity numeric, inventory_quantity_set bool, in_date timestamp not null,
    create_date timestamp, write_date timestamp, accounting_date date
);

create table stock_route (
    id serial, sequence int, supplied_wh_id int, supplier_wh_id int, company_id int,
    create_uid int, write_uid int, name jsonb not null, active bool, product_selectable bool,
    product_categ_selectable bool, warehouse_selectable bool, packaging_selectable bool,
    create_date timestamp, write_date timestamp, sale_selectable bool, shipping_selectable bool
);

create table stock_rule (
    id serial, group_id int, sequence int, company_id int, location_dest_id int not null,
    location_src_id int, route_id int not null, route_sequence int,
    picking_type_id int not null, delay int, partner_address_id int, warehouse_id int,
    propagate_warehouse_id int, create_uid int, write_uid int, group_propagation_option varchar,
    action varchar not null, procure_method varchar not null, auto varchar not null,
    push_domain varchar, name jsonb not null, active bool, location_dest_from_rule bool,
    propagate_cancel bool, propagate_carrier bool, create_date timestamp, write_date timestamp
);

create table stock_warehouse (
    id serial, company_id int not null, partner_id int, view_location_id int not null,
    lot_stock_id int not null, wh_input_stock_loc_id int, wh_qc_stock_loc_id int,
    wh_output_stock_loc_id int, wh_pack_stock_loc_id int, mto_pull_id int, pick_type_id int,
    pack_type_id int, out_type_id int, in_type_id int, int_type_id int, qc_type_id int,
    store_type_id int, xdock_type_id int, crossdock_route_id int, reception_route_id int,
    delivery_route_id int, sequence int, create_uid int, write_uid int, name varchar not null,
    code varchar(5) not null, reception_steps varchar not null, delivery_steps varchar not null,
    active bool, create_date timestamp, write_date timestamp, buy_pull_id int,
    buy_to_resupply bool
);

create table uom_category (
    id serial, create_uid int, write_uid int, name jsonb not null, create_date timestamp,
    write_date timestamp
);

create table uom_uom (
    id serial, category_id int not null, create_uid int, write_uid int,
    uom_type varchar not null, name jsonb not null, factor numeric not null,
    rounding numeric not null, active bool, create_date timestamp, write_date timestamp
);

create table website (
    id serial, sequence int, company_id int not null, default_lang_id int not null,
    user_id int not null, theme_id int, create_uid int, write_uid int, name varchar not null,
    domain varchar, social_twitter varchar, social_facebook varchar, social_github varchar,
    social_linkedin varchar, social_youtube varchar, social_instagram varchar,
    social_tiktok varchar, google_analytics_key varchar, google_search_console varchar,
    google_maps_api_key varchar, plausible_shared_key varchar, plausible_site varchar,
    cdn_url varchar, homepage_url varchar, auth_signup_uninvited varchar,
    custom_blocked_third_party_domains text, cdn_filters text, custom_code_head text,
    custom_code_footer text, robots_txt text, auto_redirect_lang bool, cookies_bar bool,
    configurator_done bool, block_third_party_domains bool, has_social_default_image bool,
    cdn_activated bool, specific_user_account bool, create_date timestamp, write_date timestamp,
    crm_default_team_id int, crm_default_user_id int, salesperson_id int, salesteam_id int,
    cart_recovery_mail_template_id int, shop_ppg int, shop_ppr int,
    product_page_grid_columns int, show_line_subtotals_tax_selection varchar not null,
    add_to_cart_action varchar, account_on_checkout varchar, shop_gap varchar,
    shop_default_sort varchar not null, product_page_image_layout varchar not null,
    product_page_image_width varchar not null, product_page_image_spacing varchar not null,
    ecommerce_access varchar not null, contact_us_button_url jsonb,
    prevent_zero_price_sale_text jsonb, enabled_portal_reorder_button bool,
    send_abandoned_cart_email bool, prevent_zero_price_sale bool, cart_abandoned_delay float8,
    google_places_api_key varchar, warehouse_id int
);
