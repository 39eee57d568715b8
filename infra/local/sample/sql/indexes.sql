alter table ir_actions
    add constraint ir_actions_pkey primary key (id),
    add constraint ir_actions_path_unique unique (path);
alter table account_account
    add constraint account_account_pkey primary key (id);
alter table account_account_res_company_rel
    add constraint account_account_res_company_rel_pkey primary key (account_account_id, res_company_id);
alter table account_bank_statement
    add constraint account_bank_statement_pkey primary key (id);
alter table account_bank_statement_line
    add constraint account_bank_statement_line_pkey primary key (id);
alter table account_full_reconcile
    add constraint account_full_reconcile_pkey primary key (id);
alter table account_journal
    add constraint account_journal_pkey primary key (id),
    add constraint account_journal_code_company_uniq unique (company_id, code);
alter table account_move
    add constraint account_move_pkey primary key (id);
alter table account_move__account_payment
    add constraint account_move__account_payment_pkey primary key (invoice_id, payment_id);
alter table account_move_line
    add constraint account_move_line_pkey primary key (id),
    add constraint account_move_line_check_accountable_required_fields check ((display_type = any (array['line_section', 'line_note'])) or (account_id is not null)),
    add constraint account_move_line_check_amount_currency_balance_sign check ((display_type = any (array['line_section', 'line_note'])) or (((balance <= 0) and (amount_currency <= 0)) or ((balance >= 0) and (amount_currency >= 0)))),
    add constraint account_move_line_check_credit_debit check ((display_type = any (array['line_section', 'line_note'])) or ((credit * debit) = 0)),
    add constraint account_move_line_check_non_accountable_fields_null check ((display_type <> all (array['line_section', 'line_note'])) or ((amount_currency = 0) and (debit = 0) and (credit = 0) and (account_id is null)));
alter table account_move_line_account_tax_rel
    add constraint account_move_line_account_tax_rel_pkey primary key (account_move_line_id, account_tax_id);
alter table account_partial_reconcile
    add constraint account_partial_reconcile_pkey primary key (id);
alter table account_payment
    add constraint account_payment_pkey primary key (id),
    add constraint account_payment_check_amount_not_negative check (amount >= 0.0);
alter table account_payment_method
    add constraint account_payment_method_pkey primary key (id),
    add constraint account_payment_method_name_code_unique unique (code, payment_type);
alter table account_payment_method_line
    add constraint account_payment_method_line_pkey primary key (id);
alter table account_payment_term
    add constraint account_payment_term_pkey primary key (id);
alter table account_tax
    add constraint account_tax_pkey primary key (id);
alter table account_tax_group
    add constraint account_tax_group_pkey primary key (id);
alter table account_tax_repartition_line
    add constraint account_tax_repartition_line_pkey primary key (id);
alter table auth_oauth_provider
    add constraint auth_oauth_provider_pkey primary key (id);
alter table auth_totp_device
    add constraint auth_totp_device_pkey primary key (id),
    add constraint auth_totp_device_index_check check (char_length(index) = 8);
alter table base_automation
    add constraint base_automation_pkey primary key (id);
alter table bus_bus
    add constraint bus_bus_pkey primary key (id);
alter table calendar_attendee
    add constraint calendar_attendee_pkey primary key (id);
alter table calendar_event
    add constraint calendar_event_pkey primary key (id);
alter table calendar_event_res_partner_rel
    add constraint calendar_event_res_partner_rel_pkey primary key (res_partner_id, calendar_event_id);
alter table crm_lead
    add constraint crm_lead_pkey primary key (id),
    add constraint crm_lead_check_probability check ((probability >= 0) and (probability <= 100));
alter table crm_stage
    add constraint crm_stage_pkey primary key (id);
alter table crm_team
    add constraint crm_team_pkey primary key (id);
alter table delivery_carrier
    add constraint delivery_carrier_pkey primary key (id),
    add constraint delivery_carrier_margin_not_under_100_percent check (margin >= -1),
    add constraint delivery_carrier_shipping_insurance_is_percentage check ((shipping_insurance >= 0) and (shipping_insurance <= 100));
alter table discuss_channel
    add constraint discuss_channel_pkey primary key (id),
    add constraint discuss_channel_from_message_id_unique unique (from_message_id),
    add constraint discuss_channel_group_public_id_check check ((channel_type = 'channel') or (group_public_id is null)),
    add constraint discuss_channel_sub_channel_no_group_public_id check ((parent_channel_id is null) or (group_public_id is null)),
    add constraint discuss_channel_uuid_unique unique (uuid);
alter table discuss_channel_member
    add constraint discuss_channel_member_pkey primary key (id),
    add constraint discuss_channel_member_partner_or_guest_exists check (((partner_id is not null) and (guest_id is null)) or ((partner_id is null) and (guest_id is not null)));
alter table fetchmail_server
    add constraint fetchmail_server_pkey primary key (id);
alter table hr_department
    add constraint hr_department_pkey primary key (id);
alter table hr_employee
    add constraint hr_employee_pkey primary key (id),
    add constraint hr_employee_barcode_uniq unique (barcode),
    add constraint hr_employee_user_uniq unique (user_id, company_id);
alter table hr_job
    add constraint hr_job_pkey primary key (id),
    add constraint hr_job_name_company_uniq unique (name, company_id, department_id),
    add constraint hr_job_no_of_recruitment_positive check (no_of_recruitment >= 0);
alter table iap_account
    add constraint iap_account_pkey primary key (id);
alter table iap_service
    add constraint iap_service_pkey primary key (id),
    add constraint iap_service_unique_technical_name unique (technical_name);
alter table ir_act_server
    add constraint ir_act_server_pkey primary key (id),
    add constraint ir_act_server_path_unique unique (path);
alter table ir_attachment
    add constraint ir_attachment_pkey primary key (id);
alter table ir_config_parameter
    add constraint ir_config_parameter_pkey primary key (id),
    add constraint ir_config_parameter_key_uniq unique (key);
alter table ir_cron
    add constraint ir_cron_pkey primary key (id),
    add constraint ir_cron_check_strictly_positive_interval check (interval_number > 0);
alter table ir_logging
    add constraint ir_logging_pkey primary key (id);
alter table ir_mail_server
    add constraint ir_mail_server_pkey primary key (id),
    add constraint ir_mail_server_certificate_requires_tls check ((smtp_encryption <> 'none') or (smtp_authentication <> 'certificate'));
alter table ir_model
    add constraint ir_model_pkey primary key (id),
    add constraint ir_model_obj_name_uniq unique (model);
alter table ir_model_data
    add constraint ir_model_data_pkey primary key (id),
    add constraint ir_model_data_name_nospaces check (name not like '% %');
alter table ir_model_fields
    add constraint ir_model_fields_pkey primary key (id),
    add constraint ir_model_fields_name_manual_field check ((state <> 'manual') or (name like 'x\_%')),
    add constraint ir_model_fields_name_unique unique (model, name),
    add constraint ir_model_fields_size_gt_zero check (size >= 0);
alter table ir_module_category
    add constraint ir_module_category_pkey primary key (id);
alter table ir_module_module
    add constraint ir_module_module_pkey primary key (id),
    add constraint ir_module_module_name_uniq unique (name);
alter table ir_sequence
    add constraint ir_sequence_pkey primary key (id);
alter table ir_sequence_date_range
    add constraint ir_sequence_date_range_pkey primary key (id);
alter table ir_ui_view
    add constraint ir_ui_view_pkey primary key (id),
    add constraint ir_ui_view_inheritance_mode check ((mode <> 'extension') or (inherit_id is not null)),
    add constraint ir_ui_view_qweb_required_key check ((type <> 'qweb') or (key is not null));
alter table mail_activity
    add constraint mail_activity_pkey primary key (id),
    add constraint mail_activity_check_res_id_is_set check ((res_id is not null) and (res_id <> 0));
alter table mail_activity_type
    add constraint mail_activity_type_pkey primary key (id);
alter table mail_alias
    add constraint mail_alias_pkey primary key (id);
alter table mail_alias_domain
    add constraint mail_alias_domain_pkey primary key (id),
    add constraint mail_alias_domain_bounce_email_uniques unique (bounce_alias, name),
    add constraint mail_alias_domain_catchall_email_uniques unique (catchall_alias, name);
alter table mail_blacklist
    add constraint mail_blacklist_pkey primary key (id),
    add constraint mail_blacklist_unique_email unique (email);
alter table mail_followers
    add constraint mail_followers_pkey primary key (id),
    add constraint mail_followers_mail_followers_res_partner_res_model_id_uniq unique (res_model, res_id, partner_id);
alter table mail_guest
    add constraint mail_guest_pkey primary key (id);
alter table mail_mail
    add constraint mail_mail_pkey primary key (id);
alter table mail_mail_res_partner_rel
    add constraint mail_mail_res_partner_rel_pkey primary key (mail_mail_id, res_partner_id);
alter table mail_message
    add constraint mail_message_pkey primary key (id);
alter table mail_message_res_partner_rel
    add constraint mail_message_res_partner_rel_pkey primary key (mail_message_id, res_partner_id);
alter table mail_message_subtype
    add constraint mail_message_subtype_pkey primary key (id);
alter table mail_notification
    add constraint mail_notification_pkey primary key (id),
    add constraint mail_notification_notification_partner_required check ((notification_type <> all (array['email', 'inbox'])) or (res_partner_id is not null));
alter table mail_push
    add constraint mail_push_pkey primary key (id);
alter table mail_push_device
    add constraint mail_push_device_pkey primary key (id),
    add constraint mail_push_device_endpoint_unique unique (endpoint);
alter table mail_template
    add constraint mail_template_pkey primary key (id);
alter table mail_tracking_value
    add constraint mail_tracking_value_pkey primary key (id);
alter table message_attachment_rel
    add constraint message_attachment_rel_pkey primary key (message_id, attachment_id);
alter table payment_method
    add constraint payment_method_pkey primary key (id);
alter table payment_provider
    add constraint payment_provider_pkey primary key (id);
alter table payment_token
    add constraint payment_token_pkey primary key (id);
alter table payment_transaction
    add constraint payment_transaction_pkey primary key (id),
    add constraint payment_transaction_reference_uniq unique (reference);
alter table phone_blacklist
    add constraint phone_blacklist_pkey primary key (id),
    add constraint phone_blacklist_unique_number unique (number);
alter table procurement_group
    add constraint procurement_group_pkey primary key (id);
alter table product_category
    add constraint product_category_pkey primary key (id);
alter table product_pricelist
    add constraint product_pricelist_pkey primary key (id);
alter table product_product
    add constraint product_product_pkey primary key (id);
alter table product_supplierinfo
    add constraint product_supplierinfo_pkey primary key (id);
alter table product_taxes_rel
    add constraint product_taxes_rel_pkey primary key (prod_id, tax_id);
alter table product_template
    add constraint product_template_pkey primary key (id);
alter table purchase_order
    add constraint purchase_order_pkey primary key (id);
alter table purchase_order_line
    add constraint purchase_order_line_pkey primary key (id),
    add constraint purchase_order_line_accountable_required_fields check ((display_type is not null) or is_downpayment or ((product_id is not null) and (product_uom is not null) and (date_planned is not null))),
    add constraint purchase_order_line_non_accountable_null_fields check ((display_type is null) or ((product_id is null) and (price_unit = 0) and (product_uom_qty = 0) and (product_uom is null) and (date_planned is null)));
alter table res_bank
    add constraint res_bank_pkey primary key (id);
alter table res_company
    add constraint res_company_pkey primary key (id),
    add constraint res_company_check_quotation_validity_days check (quotation_validity_days >= 0),
    add constraint res_company_name_uniq unique (name);
alter table res_company_ldap
    add constraint res_company_ldap_pkey primary key (id);
alter table res_company_users_rel
    add constraint res_company_users_rel_pkey primary key (cid, user_id);
alter table res_country
    add constraint res_country_pkey primary key (id),
    add constraint res_country_code_uniq unique (code),
    add constraint res_country_name_uniq unique (name);
alter table res_country_state
    add constraint res_country_state_pkey primary key (id),
    add constraint res_country_state_name_code_uniq unique (country_id, code);
alter table res_currency
    add constraint res_currency_pkey primary key (id),
    add constraint res_currency_rounding_gt_zero check (rounding > 0),
    add constraint res_currency_unique_name unique (name);
alter table res_currency_rate
    add constraint res_currency_rate_pkey primary key (id),
    add constraint res_currency_rate_currency_rate_check check (rate > 0),
    add constraint res_currency_rate_unique_name_per_day unique (name, currency_id, company_id);
alter table res_device_log
    add constraint res_device_log_pkey primary key (id);
alter table res_groups
    add constraint res_groups_pkey primary key (id),
    add constraint res_groups_check_api_key_duration check (api_key_duration >= 0),
    add constraint res_groups_name_uniq unique (category_id, name);
alter table res_groups_users_rel
    add constraint res_groups_users_rel_pkey primary key (gid, uid);
alter table res_lang
    add constraint res_lang_pkey primary key (id),
    add constraint res_lang_code_uniq unique (code),
    add constraint res_lang_name_uniq unique (name),
    add constraint res_lang_url_code_uniq unique (url_code);
alter table res_partner
    add constraint res_partner_pkey primary key (id),
    add constraint res_partner_check_name check (((type = 'contact') and (name is not null)) or (type <> 'contact'));
alter table res_partner_bank
    add constraint res_partner_bank_pkey primary key (id),
    add constraint res_partner_bank_unique_number unique (sanitized_acc_number, partner_id);
alter table res_partner_category
    add constraint res_partner_category_pkey primary key (id);
alter table res_partner_industry
    add constraint res_partner_industry_pkey primary key (id);
alter table res_partner_res_partner_category_rel
    add constraint res_partner_res_partner_category_rel_pkey primary key (category_id, partner_id);
alter table res_partner_title
    add constraint res_partner_title_pkey primary key (id);
alter table res_users
    add constraint res_users_pkey primary key (id),
    add constraint res_users_login_key unique (login),
    add constraint res_users_notification_type check ((notification_type = 'email') or (not share)),
    add constraint res_users_uniq_users_oauth_provider_oauth_uid unique (oauth_provider_id, oauth_uid);
alter table res_users_apikeys
    add constraint res_users_apikeys_pkey primary key (id),
    add constraint res_users_apikeys_index_check check (char_length(index) = 8);
alter table res_users_log
    add constraint res_users_log_pkey primary key (id);
alter table res_users_settings
    add constraint res_users_settings_pkey primary key (id),
    add constraint res_users_settings_unique_user_id unique (user_id);
alter table resource_calendar
    add constraint resource_calendar_pkey primary key (id);
alter table resource_resource
    add constraint resource_resource_pkey primary key (id),
    add constraint resource_resource_check_time_efficiency check (time_efficiency > 0);
alter table sale_order
    add constraint sale_order_pkey primary key (id),
    add constraint sale_order_date_order_conditional_required check (((state = 'sale') and (date_order is not null)) or (state <> 'sale'));
alter table sale_order_line
    add constraint sale_order_line_pkey primary key (id),
    add constraint sale_order_line_accountable_required_fields check ((display_type is not null) or is_downpayment or ((product_id is not null) and (product_uom is not null))),
    add constraint sale_order_line_non_accountable_null_fields check ((display_type is null) or ((product_id is null) and (price_unit = 0) and (product_uom_qty = 0) and (product_uom is null) and (customer_lead = 0)));
alter table sale_order_line_invoice_rel
    add constraint sale_order_line_invoice_rel_pkey primary key (invoice_line_id, order_line_id);
alter table sms_sms
    add constraint sms_sms_pkey primary key (id),
    add constraint sms_sms_uuid_unique unique (uuid);
alter table snailmail_letter
    add constraint snailmail_letter_pkey primary key (id);
alter table stock_location
    add constraint stock_location_pkey primary key (id),
    add constraint stock_location_barcode_company_uniq unique (barcode, company_id),
    add constraint stock_location_inventory_freq_nonneg check (cyclic_inventory_frequency >= 0);
alter table stock_lot
    add constraint stock_lot_pkey primary key (id);
alter table stock_move
    add constraint stock_move_pkey primary key (id);
alter table stock_move_line
    add constraint stock_move_line_pkey primary key (id);
alter table stock_picking
    add constraint stock_picking_pkey primary key (id),
    add constraint stock_picking_name_uniq unique (name, company_id);
alter table stock_picking_type
    add constraint stock_picking_type_pkey primary key (id);
alter table stock_quant
    add constraint stock_quant_pkey primary key (id);
alter table stock_route
    add constraint stock_route_pkey primary key (id);
alter table stock_rule
    add constraint stock_rule_pkey primary key (id);
alter table stock_warehouse
    add constraint stock_warehouse_pkey primary key (id),
    add constraint stock_warehouse_warehouse_code_uniq unique (code, company_id),
    add constraint stock_warehouse_warehouse_name_uniq unique (name, company_id);
alter table uom_category
    add constraint uom_category_pkey primary key (id);
alter table uom_uom
    add constraint uom_uom_pkey primary key (id),
    add constraint uom_uom_factor_gt_zero check (factor <> 0),
    add constraint uom_uom_factor_reference_is_one check (((uom_type = 'reference') and (factor = 1.0)) or (uom_type <> 'reference')),
    add constraint uom_uom_rounding_gt_zero check (rounding > 0);
alter table website
    add constraint website_pkey primary key (id),
    add constraint website_domain_unique unique (domain);

create index account_account__account_type_index on account_account (account_type);
create index account_account__code_store_index on account_account (((code_store is not null))) where code_store is not null;
create index account_account__name_index on account_account using gin (((jsonb_path_query_array(name, '$.*'::jsonpath))::text) gin_trgm_ops);
create index account_account_res_company_r_res_company_id_account_accoun_idx on account_account_res_company_rel (res_company_id, account_account_id);
create index account_bank_statement__date_index on account_bank_statement (date);
create index account_bank_statement_first_line_index_idx on account_bank_statement (journal_id, first_line_index);
create index account_bank_statement_journal_id_date_desc_id_desc_idx on account_bank_statement (journal_id, date desc, id desc);
create index account_bank_statement_line__move_id_index on account_bank_statement_line (move_id);
create index account_bank_statement_line_main_idx on account_bank_statement_line (journal_id, company_id, internal_index);
create index account_bank_statement_line_orphan_idx on account_bank_statement_line (journal_id, company_id, internal_index) where statement_id is null;
create index account_bank_statement_line_unreconciled_idx on account_bank_statement_line (journal_id, company_id, internal_index) where (not is_reconciled) or (is_reconciled is null);
create index account_full_reconcile__exchange_move_id_index on account_full_reconcile (exchange_move_id) where exchange_move_id is not null;
create index account_journal__company_id_index on account_journal (company_id);
create index account_move__auto_post_origin_id_index on account_move (auto_post_origin_id) where auto_post_origin_id is not null;
create index account_move__company_id_index on account_move (company_id);
create index account_move__date_index on account_move (date);
create index account_move__inalterable_hash_index on account_move (inalterable_hash) where inalterable_hash is not null;
create index account_move__invoice_date_due_index on account_move (invoice_date_due);
create index account_move__invoice_date_index on account_move (invoice_date);
create index account_move__message_main_attachment_id_index on account_move (message_main_attachment_id) where message_main_attachment_id is not null;
create index account_move__move_type_index on account_move (move_type);
create index account_move__name_index on account_move using gin (name gin_trgm_ops);
create index account_move__origin_payment_id_index on account_move (origin_payment_id) where origin_payment_id is not null;
create index account_move__partner_id_index on account_move (partner_id);
create index account_move__payment_reference_index on account_move using gin (payment_reference gin_trgm_ops);
create index account_move__ref_index on account_move using gin (ref gin_trgm_ops);
create index account_move__reversed_entry_id_index on account_move (reversed_entry_id) where reversed_entry_id is not null;
create index account_move__secure_sequence_number_index on account_move (secure_sequence_number);
create index account_move__statement_line_id_index on account_move (statement_line_id) where statement_line_id is not null;
create index account_move__stock_move_id_index on account_move (stock_move_id) where stock_move_id is not null;
create index account_move__tax_cash_basis_origin_move_id_index on account_move (tax_cash_basis_origin_move_id) where tax_cash_basis_origin_move_id is not null;
create index account_move__tax_cash_basis_rec_id_index on account_move (tax_cash_basis_rec_id) where tax_cash_basis_rec_id is not null;
create index account_move_checked_idx on account_move (journal_id) where checked = false;
create index account_move_duplicate_bills_idx on account_move (ref) where move_type = any (array['in_invoice', 'in_refund']);
create index account_move_journal_id_company_id_idx on account_move (journal_id, company_id, date);
create index account_move_made_gaps on account_move (journal_id, company_id, date) where made_sequence_gap = true;
create index account_move_payment_idx on account_move (journal_id, state, payment_state, move_type, date);
create index account_move_sequence_index on account_move (journal_id, sequence_prefix desc, sequence_number desc, name);
create index account_move_sequence_index2 on account_move (journal_id, id desc, sequence_prefix);
create unique index account_move_unique_name on account_move (name, journal_id) where (state = 'posted') and (name <> '/');
create index account_move__account_payment_payment_id_invoice_id_idx on account_move__account_payment (payment_id, invoice_id);
create index account_move_line__cogs_origin_id_index on account_move_line (cogs_origin_id) where cogs_origin_id is not null;
create index account_move_line__company_id_index on account_move_line (company_id);
create index account_move_line__date_maturity_index on account_move_line (date_maturity);
create index account_move_line__full_reconcile_id_index on account_move_line (full_reconcile_id) where full_reconcile_id is not null;
create index account_move_line__group_tax_id_index on account_move_line (group_tax_id) where group_tax_id is not null;
create index account_move_line__journal_id_index on account_move_line (journal_id);
create index account_move_line__matching_number_index on account_move_line (matching_number);
create index account_move_line__move_id_index on account_move_line (move_id);
create index account_move_line__move_name_index on account_move_line (move_name);
create index account_move_line__payment_id_index on account_move_line (payment_id) where payment_id is not null;
create index account_move_line__purchase_line_id_index on account_move_line (purchase_line_id) where purchase_line_id is not null;
create index account_move_line__ref_index on account_move_line using gin (ref gin_trgm_ops);
create index account_move_line__statement_id_index on account_move_line (statement_id) where statement_id is not null;
create index account_move_line__statement_line_id_index on account_move_line (statement_line_id) where statement_line_id is not null;
create index account_move_line__unreconciled_index on account_move_line (account_id, partner_id) where ((reconciled is null) or (reconciled = false) or (reconciled is not true)) and (parent_state = 'posted');
create index account_move_line_account_id_date_idx on account_move_line (account_id, date);
create index account_move_line_analytic_distribution_accounts_gin_index on account_move_line using gin (regexp_split_to_array((jsonb_path_query_array(analytic_distribution, '$.keyvalue()."key"'::jsonpath))::text, '\D+'));
create index account_move_line_date_name_id_idx on account_move_line (date desc, move_name desc, id);
create index account_move_line_journal_id_neg_amnt_residual_idx on account_move_line (journal_id) where (amount_residual < 0) and (parent_state = 'posted');
create index account_move_line_partner_id_ref_idx on account_move_line (partner_id, ref);
create index account_move_line_account_tax_account_tax_id_account_move_l_idx on account_move_line_account_tax_rel (account_tax_id, account_move_line_id);
create index account_partial_reconcile__credit_move_id_index on account_partial_reconcile (credit_move_id);
create index account_partial_reconcile__debit_move_id_index on account_partial_reconcile (debit_move_id);
create index account_partial_reconcile__exchange_move_id_index on account_partial_reconcile (exchange_move_id) where exchange_move_id is not null;
create index account_partial_reconcile__full_reconcile_id_index on account_partial_reconcile (full_reconcile_id) where full_reconcile_id is not null;
create index account_payment__message_main_attachment_id_index on account_payment (message_main_attachment_id) where message_main_attachment_id is not null;
create index account_payment__move_id_index on account_payment (move_id);
create index account_payment__outstanding_account_id_index on account_payment (outstanding_account_id) where outstanding_account_id is not null;
create index account_payment__paired_internal_transfer_payment_id_index on account_payment (paired_internal_transfer_payment_id) where paired_internal_transfer_payment_id is not null;
create index account_payment__source_payment_id_index on account_payment (source_payment_id) where source_payment_id is not null;
create index account_payment_journal_id_company_id_idx on account_payment (journal_id, company_id);
create index account_payment_unmatched_idx on account_payment (journal_id, company_id) where (not is_matched) or (is_matched is null);
create index auth_totp_device_user_id_index_idx on auth_totp_device (user_id, index);
create index calendar_event__access_token_index on calendar_event (access_token);
create index calendar_event__opportunity_id_index on calendar_event (opportunity_id);
create index calendar_event_res_partner_re_calendar_event_id_res_partner_idx on calendar_event_res_partner_rel (calendar_event_id, res_partner_id);
create index crm_lead__company_id_index on crm_lead (company_id);
create index crm_lead__contact_name_index on crm_lead using gin (contact_name gin_trgm_ops);
create index crm_lead__date_last_stage_update_index on crm_lead (date_last_stage_update);
create index crm_lead__email_domain_criterion_index on crm_lead (email_domain_criterion) where email_domain_criterion is not null;
create index crm_lead__email_from_index on crm_lead using gin (email_from gin_trgm_ops);
create index crm_lead__email_normalized_index on crm_lead using gin (email_normalized gin_trgm_ops);
create index crm_lead__name_index on crm_lead using gin (name gin_trgm_ops);
create index crm_lead__partner_id_index on crm_lead (partner_id);
create index crm_lead__partner_name_index on crm_lead using gin (partner_name gin_trgm_ops);
create index crm_lead__phone_sanitized_index on crm_lead (phone_sanitized) where phone_sanitized is not null;
create index crm_lead__priority_index on crm_lead (priority);
create index crm_lead__reveal_id_index on crm_lead (reveal_id) where reveal_id is not null;
create index crm_lead__stage_id_index on crm_lead (stage_id);
create index crm_lead__team_id_index on crm_lead (team_id);
create index crm_lead__type_index on crm_lead (type);
create index crm_lead__user_id_index on crm_lead (user_id);
create index crm_lead_create_date_team_id_idx on crm_lead (create_date, team_id);
create index crm_lead_mobile_partial_gin_idx on crm_lead using gin (regexp_replace(mobile, '[\s\\./\(\)\-]', '', 'g') gin_trgm_ops) where mobile is not null;
create index crm_lead_mobile_partial_tgm on crm_lead (regexp_replace(mobile, '[\s\\./\(\)\-]', '', 'g')) where mobile is not null;
create index crm_lead_phone_partial_gin_idx on crm_lead using gin (regexp_replace(phone, '[\s\\./\(\)\-]', '', 'g') gin_trgm_ops) where phone is not null;
create index crm_lead_phone_partial_tgm on crm_lead (regexp_replace(phone, '[\s\\./\(\)\-]', '', 'g')) where phone is not null;
create index crm_lead_user_id_team_id_type_index on crm_lead (user_id, team_id, type);
create index crm_team__company_id_index on crm_team (company_id);
create index discuss_channel__last_interest_dt_index on discuss_channel (last_interest_dt);
create index discuss_channel__parent_channel_id_index on discuss_channel (parent_channel_id);
create index discuss_channel_member__fetched_message_id_index on discuss_channel_member (fetched_message_id) where fetched_message_id is not null;
create index discuss_channel_member__guest_id_index on discuss_channel_member (guest_id);
create index discuss_channel_member__last_interest_dt_index on discuss_channel_member (last_interest_dt);
create index discuss_channel_member__partner_id_index on discuss_channel_member (partner_id);
create index discuss_channel_member__seen_message_id_index on discuss_channel_member (seen_message_id) where seen_message_id is not null;
create index discuss_channel_member__unpin_dt_index on discuss_channel_member (unpin_dt);
create unique index discuss_channel_member_guest_unique on discuss_channel_member (channel_id, guest_id) where guest_id is not null;
create unique index discuss_channel_member_partner_unique on discuss_channel_member (channel_id, partner_id) where partner_id is not null;
create index discuss_channel_member_seen_message_id_idx on discuss_channel_member (channel_id, partner_id, seen_message_id);
create index fetchmail_server__server_type_index on fetchmail_server (server_type);
create index fetchmail_server__state_index on fetchmail_server (state);
create index hr_department__company_id_index on hr_department (company_id);
create index hr_department__parent_id_index on hr_department (parent_id);
create index hr_department__parent_path_index on hr_department (parent_path);
create index hr_employee__company_id_index on hr_employee (company_id);
create index hr_employee__message_main_attachment_id_index on hr_employee (message_main_attachment_id) where message_main_attachment_id is not null;
create index hr_employee__resource_calendar_id_index on hr_employee (resource_calendar_id);
create index hr_employee__resource_id_index on hr_employee (resource_id);
create index hr_job__name_index on hr_job using gin (((jsonb_path_query_array(name, '$.*'::jsonpath))::text) gin_trgm_ops);
create index ir_act_server__model_id_index on ir_act_server (model_id);
create index ir_attachment__store_fname_index on ir_attachment (store_fname);
create index ir_attachment__url_index on ir_attachment (url) where url is not null;
create index ir_attachment_res_idx on ir_attachment (res_model, res_id);
create index ir_logging__dbname_index on ir_logging (dbname);
create index ir_logging__level_index on ir_logging (level);
create index ir_logging__type_index on ir_logging (type);
create index ir_mail_server__name_index on ir_mail_server (name);
create index ir_model_data_model_res_id_index on ir_model_data (model, res_id);
create unique index ir_model_data_module_name_uniq_index on ir_model_data (module, name);
create index ir_model_fields__complete_name_index on ir_model_fields (complete_name);
create index ir_model_fields__model_id_index on ir_model_fields (model_id);
create index ir_model_fields__model_index on ir_model_fields (model);
create index ir_model_fields__name_index on ir_model_fields (name);
create index ir_model_fields__state_index on ir_model_fields (state);
create index ir_module_category__parent_id_index on ir_module_category (parent_id);
create index ir_module_module__category_id_index on ir_module_module (category_id);
create index ir_module_module__state_index on ir_module_module (state);
create index ir_ui_view__inherit_id_index on ir_ui_view (inherit_id);
create index ir_ui_view__key_index on ir_ui_view (key) where key is not null;
create index ir_ui_view__model_index on ir_ui_view (model);
create index ir_ui_view_model_type_inherit_id on ir_ui_view (model, inherit_id);
create index mail_activity__date_deadline_index on mail_activity (date_deadline);
create index mail_activity__res_id_index on mail_activity (res_id);
create index mail_activity__res_model_id_index on mail_activity (res_model_id);
create index mail_activity__res_model_index on mail_activity (res_model);
create index mail_activity__user_id_index on mail_activity (user_id);
create index mail_activity_type__create_uid_index on mail_activity_type (create_uid);
create index mail_alias__alias_full_name_index on mail_alias (alias_full_name) where alias_full_name is not null;
create unique index mail_alias_name_domain_unique on mail_alias (alias_name, coalesce(alias_domain_id, 0));
create index mail_blacklist__email_index on mail_blacklist using gin (email gin_trgm_ops);
create index mail_followers__partner_id_index on mail_followers (partner_id);
create index mail_followers__res_id_index on mail_followers (res_id);
create index mail_followers__res_model_index on mail_followers (res_model);
create index mail_mail__mail_message_id_index on mail_mail (mail_message_id);
create index mail_mail_res_partner_rel_res_partner_id_mail_mail_id_idx on mail_mail_res_partner_rel (res_partner_id, mail_mail_id);
create index mail_message__author_id_index on mail_message (author_id);
create index mail_message__mail_activity_type_id_index on mail_message (mail_activity_type_id) where mail_activity_type_id is not null;
create index mail_message__message_id_index on mail_message (message_id);
create index mail_message__parent_id_index on mail_message (parent_id) where parent_id is not null;
create index mail_message__subtype_id_index on mail_message (subtype_id);
create index mail_message_model_res_id_id_idx on mail_message (model, res_id, id);
create index mail_message_model_res_id_idx on mail_message (model, res_id);
create index mail_message_res_partner_rel_res_partner_id_mail_message_id_idx on mail_message_res_partner_rel (res_partner_id, mail_message_id);
create index mail_notification__is_read_index on mail_notification (is_read);
create index mail_notification__letter_id_index on mail_notification (letter_id) where letter_id is not null;
create index mail_notification__mail_mail_id_index on mail_notification (mail_mail_id);
create index mail_notification__mail_message_id_index on mail_notification (mail_message_id);
create index mail_notification__notification_status_index on mail_notification (notification_status);
create index mail_notification__notification_type_index on mail_notification (notification_type);
create index mail_notification__res_partner_id_index on mail_notification (res_partner_id);
create index mail_notification__sms_id_int_index on mail_notification (sms_id_int) where sms_id_int is not null;
create index mail_notification_author_id_notification_status_failure on mail_notification (author_id, notification_status) where notification_status = any (array['bounce', 'exception']);
create index mail_notification_res_partner_id_is_read_notification_status_ma on mail_notification (res_partner_id, is_read, notification_status, mail_message_id);
create unique index unique_mail_message_id_res_partner_id_if_set on mail_notification (mail_message_id, res_partner_id) where res_partner_id is not null;
create index mail_push_device__partner_id_index on mail_push_device (partner_id);
create index mail_template__model_index on mail_template (model);
create index mail_tracking_value__field_id_index on mail_tracking_value (field_id);
create index mail_tracking_value__mail_message_id_index on mail_tracking_value (mail_message_id);
create index message_attachment_rel_attachment_id_message_id_idx on message_attachment_rel (attachment_id, message_id);
create index payment_provider__company_id_index on payment_provider (company_id);
create index payment_token__company_id_index on payment_token (company_id);
create index payment_transaction__company_id_index on payment_transaction (company_id);
create index payment_transaction__operation_index on payment_transaction (operation);
create index payment_transaction__state_index on payment_transaction (state);
create index product_category__name_index on product_category using gin (name gin_trgm_ops);
create index product_category__parent_id_index on product_category (parent_id);
create index product_category__parent_path_index on product_category (parent_path);
create index product_category__property_account_creditor_price_diff_b430ca85 on product_category (((property_account_creditor_price_difference_categ is not null))) where property_account_creditor_price_difference_categ is not null;
create index product_category__property_account_downpayment_categ_id_index on product_category (((property_account_downpayment_categ_id is not null))) where property_account_downpayment_categ_id is not null;
create index product_category__property_account_expense_categ_id_index on product_category (((property_account_expense_categ_id is not null))) where property_account_expense_categ_id is not null;
create index product_category__property_account_income_categ_id_index on product_category (((property_account_income_categ_id is not null))) where property_account_income_categ_id is not null;
create index product_category__property_cost_method_index on product_category (((property_cost_method is not null))) where property_cost_method is not null;
create index product_category__property_stock_account_input_categ_id_index on product_category (((property_stock_account_input_categ_id is not null))) where property_stock_account_input_categ_id is not null;
create index product_category__property_stock_account_output_categ_id_index on product_category (((property_stock_account_output_categ_id is not null))) where property_stock_account_output_categ_id is not null;
create index product_category__property_stock_journal_index on product_category (((property_stock_journal is not null))) where property_stock_journal is not null;
create index product_category__property_stock_valuation_account_id_index on product_category (((property_stock_valuation_account_id is not null))) where property_stock_valuation_account_id is not null;
create index product_category__property_valuation_index on product_category (((property_valuation is not null))) where property_valuation is not null;
create index product_product__barcode_index on product_product (barcode) where barcode is not null;
create index product_product__combination_indices_index on product_product (combination_indices);
create index product_product__default_code_index on product_product (default_code);
create index product_product__product_tmpl_id_index on product_product (product_tmpl_id);
create index product_product__standard_price_index on product_product (((standard_price is not null))) where standard_price is not null;
create unique index product_product_combination_unique on product_product (product_tmpl_id, combination_indices) where active is true;
create index product_supplierinfo__company_id_index on product_supplierinfo (company_id);
create index product_supplierinfo__product_tmpl_id_index on product_supplierinfo (product_tmpl_id);
create index product_taxes_rel_tax_id_prod_id_idx on product_taxes_rel (tax_id, prod_id);
create index product_template__company_id_index on product_template (company_id);
create index product_template__name_index on product_template using gin (((jsonb_path_query_array(name, '$.*'::jsonpath))::text) gin_trgm_ops);
create index product_template__property_account_creditor_price_diff_d7bf2ae9 on product_template (((property_account_creditor_price_difference is not null))) where property_account_creditor_price_difference is not null;
create index product_template__property_account_expense_id_index on product_template (((property_account_expense_id is not null))) where property_account_expense_id is not null;
create index product_template__property_account_income_id_index on product_template (((property_account_income_id is not null))) where property_account_income_id is not null;
create index product_template__property_stock_inventory_index on product_template (((property_stock_inventory is not null))) where property_stock_inventory is not null;
create index product_template__property_stock_production_index on product_template (((property_stock_production is not null))) where property_stock_production is not null;
create index product_template__responsible_id_index on product_template (((responsible_id is not null))) where responsible_id is not null;
create index product_template__service_to_purchase_index on product_template (((service_to_purchase is not null))) where service_to_purchase is not null;
create index purchase_order__company_id_index on purchase_order (company_id);
create index purchase_order__date_approve_index on purchase_order (date_approve);
create index purchase_order__date_order_index on purchase_order (date_order);
create index purchase_order__date_planned_index on purchase_order (date_planned);
create index purchase_order__name_index on purchase_order using gin (name gin_trgm_ops);
create index purchase_order__priority_index on purchase_order (priority);
create index purchase_order__state_index on purchase_order (state);
create index purchase_order__user_id_index on purchase_order (user_id);
create index purchase_order_line__date_planned_index on purchase_order_line (date_planned);
create index purchase_order_line__order_id_index on purchase_order_line (order_id);
create index purchase_order_line__partner_id_index on purchase_order_line (partner_id) where partner_id is not null;
create index purchase_order_line__product_id_index on purchase_order_line (product_id) where product_id is not null;
create index purchase_order_line__sale_line_id_index on purchase_order_line (sale_line_id) where sale_line_id is not null;
create index purchase_order_line_analytic_distribution_accounts_gin_index on purchase_order_line using gin (regexp_split_to_array((jsonb_path_query_array(analytic_distribution, '$.keyvalue()."key"'::jsonpath))::text, '\D+'));
create index res_bank__bic_index on res_bank (bic);
create index res_company__parent_id_index on res_company (parent_id);
create index res_company__parent_path_index on res_company (parent_path);
create index res_company_users_rel_user_id_cid_idx on res_company_users_rel (user_id, cid);
create index res_currency_rate__name_index on res_currency_rate (name);
create index res_device_log__composite_idx on res_device_log (user_id, session_identifier, platform, browser, last_activity, id) where revoked = false;
create index res_device_log__last_activity_index on res_device_log (last_activity);
create index res_device_log__session_identifier_index on res_device_log (session_identifier);
create index res_device_log__user_id_index on res_device_log (user_id);
create index res_groups__category_id_index on res_groups (category_id);
create index res_groups_users_rel_uid_gid_idx on res_groups_users_rel (uid, gid);
create index res_partner__barcode_index on res_partner (((barcode is not null))) where barcode is not null;
create index res_partner__commercial_partner_id_index on res_partner (commercial_partner_id);
create index res_partner__company_id_index on res_partner (company_id);
create index res_partner__complete_name_index on res_partner (complete_name);
create index res_partner__credit_limit_index on res_partner (((credit_limit is not null))) where credit_limit is not null;
create index res_partner__ignore_abnormal_invoice_amount_index on res_partner (((ignore_abnormal_invoice_amount is not null))) where ignore_abnormal_invoice_amount is not null;
create index res_partner__ignore_abnormal_invoice_date_index on res_partner (((ignore_abnormal_invoice_date is not null))) where ignore_abnormal_invoice_date is not null;
create index res_partner__invoice_edi_format_store_index on res_partner (((invoice_edi_format_store is not null))) where invoice_edi_format_store is not null;
create index res_partner__invoice_sending_method_index on res_partner (((invoice_sending_method is not null))) where invoice_sending_method is not null;
create index res_partner__name_index on res_partner (name);
create index res_partner__parent_id_index on res_partner (parent_id);
create index res_partner__property_account_payable_id_index on res_partner (((property_account_payable_id is not null))) where property_account_payable_id is not null;
create index res_partner__property_account_position_id_index on res_partner (((property_account_position_id is not null))) where property_account_position_id is not null;
create index res_partner__property_account_receivable_id_index on res_partner (((property_account_receivable_id is not null))) where property_account_receivable_id is not null;
create index res_partner__property_delivery_carrier_id_index on res_partner (((property_delivery_carrier_id is not null))) where property_delivery_carrier_id is not null;
create index res_partner__property_inbound_payment_method_line_id_index on res_partner (((property_inbound_payment_method_line_id is not null))) where property_inbound_payment_method_line_id is not null;
create index res_partner__property_outbound_payment_method_line_id_index on res_partner (((property_outbound_payment_method_line_id is not null))) where property_outbound_payment_method_line_id is not null;
create index res_partner__property_payment_term_id_index on res_partner (((property_payment_term_id is not null))) where property_payment_term_id is not null;
create index res_partner__property_purchase_currency_id_index on res_partner (((property_purchase_currency_id is not null))) where property_purchase_currency_id is not null;
create index res_partner__property_stock_customer_index on res_partner (((property_stock_customer is not null))) where property_stock_customer is not null;
create index res_partner__property_stock_supplier_index on res_partner (((property_stock_supplier is not null))) where property_stock_supplier is not null;
create index res_partner__property_supplier_payment_term_id_index on res_partner (((property_supplier_payment_term_id is not null))) where property_supplier_payment_term_id is not null;
create index res_partner__receipt_reminder_email_index on res_partner (((receipt_reminder_email is not null))) where receipt_reminder_email is not null;
create index res_partner__ref_index on res_partner (ref);
create index res_partner__reminder_date_before_receipt_index on res_partner (((reminder_date_before_receipt is not null))) where reminder_date_before_receipt is not null;
create index res_partner__specific_property_product_pricelist_index on res_partner (((specific_property_product_pricelist is not null))) where specific_property_product_pricelist is not null;
create index res_partner__trust_index on res_partner (((trust is not null))) where trust is not null;
create index res_partner__vat_index on res_partner (vat);
create index res_partner_mobile_partial_gin_idx on res_partner using gin (regexp_replace(mobile, '[\s\\./\(\)\-]', '', 'g') gin_trgm_ops) where mobile is not null;
create index res_partner_mobile_partial_tgm on res_partner (regexp_replace(mobile, '[\s\\./\(\)\-]', '', 'g')) where mobile is not null;
create index res_partner_phone_partial_gin_idx on res_partner using gin (regexp_replace(phone, '[\s\\./\(\)\-]', '', 'g') gin_trgm_ops) where phone is not null;
create index res_partner_phone_partial_tgm on res_partner (regexp_replace(phone, '[\s\\./\(\)\-]', '', 'g')) where phone is not null;
create index res_partner_bank__partner_id_index on res_partner_bank (partner_id);
create index res_partner_category__parent_id_index on res_partner_category (parent_id);
create index res_partner_category__parent_path_index on res_partner_category (parent_path);
create index res_partner_res_partner_category_rel_partner_id_category_id_idx on res_partner_res_partner_category_rel (partner_id, category_id);
create index res_users__partner_id_index on res_users (partner_id);
create index res_users__property_warehouse_id_index on res_users (((property_warehouse_id is not null))) where property_warehouse_id is not null;
create index res_users_apikeys_user_id_index_idx on res_users_apikeys (user_id, index);
create index res_users_settings__mute_until_dt_index on res_users_settings (mute_until_dt);
create index sale_order__company_id_index on sale_order (company_id);
create index sale_order__create_date_index on sale_order (create_date);
create index sale_order__name_index on sale_order using gin (name gin_trgm_ops);
create index sale_order__partner_id_index on sale_order (partner_id);
create index sale_order__partner_invoice_id_index on sale_order (partner_invoice_id) where partner_invoice_id is not null;
create index sale_order__partner_shipping_id_index on sale_order (partner_shipping_id) where partner_shipping_id is not null;
create index sale_order__state_index on sale_order (state);
create index sale_order__user_id_index on sale_order (user_id);
create index sale_order_date_order_id_idx on sale_order (date_order desc, id desc);
create index sale_order_line__company_id_index on sale_order_line (company_id);
create index sale_order_line__linked_line_id_index on sale_order_line (linked_line_id);
create index sale_order_line__order_id_index on sale_order_line (order_id);
create index sale_order_line__order_partner_id_index on sale_order_line (order_partner_id);
create index sale_order_line__product_id_index on sale_order_line (product_id) where product_id is not null;
create index sale_order_line_analytic_distribution_accounts_gin_index on sale_order_line using gin (regexp_split_to_array((jsonb_path_query_array(analytic_distribution, '$.keyvalue()."key"'::jsonpath))::text, '\D+'));
create index sale_order_line_invoice_rel_order_line_id_invoice_line_id_idx on sale_order_line_invoice_rel (order_line_id, invoice_line_id);
create index sms_sms__mail_message_id_index on sms_sms (mail_message_id);
create index snailmail_letter__attachment_id_index on snailmail_letter (attachment_id) where attachment_id is not null;
create index snailmail_letter__message_id_index on snailmail_letter (message_id) where message_id is not null;
create index stock_location__company_id_index on stock_location (company_id);
create index stock_location__location_id_index on stock_location (location_id);
create index stock_location__parent_path_index on stock_location (parent_path);
create index stock_location__usage_index on stock_location (usage);
create index stock_lot__company_id_index on stock_lot (company_id);
create index stock_lot__name_index on stock_lot using gin (name gin_trgm_ops);
create index stock_lot__product_id_index on stock_lot (product_id);
create index stock_lot__standard_price_index on stock_lot (((standard_price is not null))) where standard_price is not null;
create index stock_move__company_id_index on stock_move (company_id);
create index stock_move__date_index on stock_move (date);
create index stock_move__group_id_index on stock_move (group_id);
create index stock_move__location_dest_id_index on stock_move (location_dest_id);
create index stock_move__location_final_id_index on stock_move (location_final_id);
create index stock_move__location_id_index on stock_move (location_id);
create index stock_move__origin_returned_move_id_index on stock_move (origin_returned_move_id);
create index stock_move__partner_id_index on stock_move (partner_id) where partner_id is not null;
create index stock_move__picking_id_index on stock_move (picking_id);
create index stock_move__product_id_index on stock_move (product_id);
create index stock_move__purchase_line_id_index on stock_move (purchase_line_id) where purchase_line_id is not null;
create index stock_move__restrict_partner_id_index on stock_move (restrict_partner_id) where restrict_partner_id is not null;
create index stock_move__sale_line_id_index on stock_move (sale_line_id) where sale_line_id is not null;
create index stock_move__state_index on stock_move (state);
create index stock_move_product_location_index on stock_move (product_id, location_id, location_dest_id, company_id, state);
create index stock_move_line__company_id_index on stock_move_line (company_id);
create index stock_move_line__move_id_index on stock_move_line (move_id);
create index stock_move_line__owner_id_index on stock_move_line (owner_id) where owner_id is not null;
create index stock_move_line__picking_id_index on stock_move_line (picking_id);
create index stock_move_line__product_id_index on stock_move_line (product_id);
create index stock_picking__backorder_id_index on stock_picking (backorder_id) where backorder_id is not null;
create index stock_picking__company_id_index on stock_picking (company_id);
create index stock_picking__name_index on stock_picking using gin (name gin_trgm_ops);
create index stock_picking__origin_index on stock_picking using gin (origin gin_trgm_ops);
create index stock_picking__owner_id_index on stock_picking (owner_id) where owner_id is not null;
create index stock_picking__partner_id_index on stock_picking (partner_id) where partner_id is not null;
create index stock_picking__picking_type_id_index on stock_picking (picking_type_id);
create index stock_picking__return_id_index on stock_picking (return_id) where return_id is not null;
create index stock_picking__sale_id_index on stock_picking (sale_id) where sale_id is not null;
create index stock_picking__scheduled_date_index on stock_picking (scheduled_date);
create index stock_picking__state_index on stock_picking (state);
create index stock_picking_type__company_id_index on stock_picking_type (company_id);
create index stock_quant__location_id_index on stock_quant (location_id);
create index stock_quant__lot_id_index on stock_quant (lot_id);
create index stock_quant__owner_id_index on stock_quant (owner_id) where owner_id is not null;
create index stock_quant__product_id_index on stock_quant (product_id);
create index stock_route__company_id_index on stock_route (company_id);
create index stock_rule__action_index on stock_rule (action);
create index stock_rule__location_dest_id_index on stock_rule (location_dest_id);
create index stock_rule__location_src_id_index on stock_rule (location_src_id);
create index stock_rule__route_id_index on stock_rule (route_id);
create index stock_rule__warehouse_id_index on stock_rule (warehouse_id);
