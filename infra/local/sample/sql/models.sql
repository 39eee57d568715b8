-- Odoo's own description of the tables: one model for each table with an id, one field for each column.
insert into ir_model (model, "order", state, name, transient, is_mail_thread, is_mail_activity, is_mail_blacklist)
select model, 'id', 'base', jsonb_build_object('en_US', initcap(replace(model, '.', ' '))), false,
    tablename in ('res_partner', 'sale_order', 'account_move', 'stock_picking', 'purchase_order', 'crm_lead', 'product_template'),
    tablename in ('res_partner', 'sale_order', 'account_move', 'purchase_order', 'crm_lead'), tablename in ('res_partner', 'crm_lead')
from pg_tables t,
lateral (select case tablename when 'ir_act_server' then 'ir.actions.server' when 'ir_actions' then 'ir.actions.actions'
    else replace(tablename, '_', '.') end) x (model)
where schemaname = 'public' and exists (
    select from information_schema.columns c where c.table_schema = 'public' and c.table_name = tablename and c.column_name = 'id')
order by model;

insert into ir_model_fields (model_id, model, name, complete_name, ttype, relation, state, field_description, required, readonly,
    index, translate, company_dependent, store, copied, selectable)
select m.id, m.model, c.column_name, m.model || '.' || c.column_name,
    case
        when c.column_name = 'id' then 'integer'
        when f.target is not null or company and c.column_name ~ '_id$' then 'many2one'
        when html then 'html'
        else case c.data_type
            when 'boolean' then 'boolean' when 'date' then 'date' when 'timestamp without time zone' then 'datetime'
            when 'numeric' then 'float' when 'double precision' then 'float' when 'integer' then 'integer'
            when 'bytea' then 'binary' when 'text' then 'text'
            when 'jsonb' then case when company then 'char' when plain then 'json' else 'char' end
            else 'char' end
        end,
    replace(f.target::text, '_', '.'), 'base', jsonb_build_object('en_US', initcap(replace(c.column_name, '_', ' '))),
    c.is_nullable = 'NO', false, false, c.data_type = 'jsonb' and not plain and not company, c.data_type = 'jsonb' and company,
    true, true, true
from ir_model m
join information_schema.columns c on c.table_schema = 'public'
    and c.table_name = case m.model when 'ir.actions.server' then 'ir_act_server' when 'ir.actions.actions' then 'ir_actions'
        else replace(m.model, '.', '_') end
left join sample.reference f on f.source = c.table_name and f.via = c.column_name,
lateral (select
    c.column_name in ('narration', 'body', 'comment', 'signature', 'info_msg', 'custom_code_head', 'custom_code_footer', 'robots_txt',
        'invoice_legal_notes', 'body_html', 'default_note', 'alias_bounced_content', 'report_header', 'report_footer',
        'company_details', 'invoice_terms', 'invoice_terms_html', 'invoice_warn_msg')
        or c.table_name || '.' || c.column_name in ('calendar_event.description', 'crm_lead.description', 'mail_activity.note',
            'purchase_order.notes', 'sale_order.note', 'stock_lot.note', 'stock_picking.note', 'base_automation.description'),
    c.column_name ~ '^(specific_)?property_' or c.column_name in ('responsible_id', 'standard_price', 'credit_limit', 'trust',
        'barcode', 'code_store', 'invoice_edi_format_store', 'invoice_sending_method', 'service_to_purchase',
        'ignore_abnormal_invoice_date', 'ignore_abnormal_invoice_amount', 'receipt_reminder_email', 'reminder_date_before_receipt'),
    c.column_name ~ '(properties|definition)$' or c.column_name in ('transaction_details', 'sending_data', 'analytic_distribution',
        'field_info', 'pickup_location_data', 'customizable_pdf_form_fields')) x (html, company, plain)
order by m.model, c.ordinal_position;
