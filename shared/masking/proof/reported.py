"""Columns that Odoo needs as they are: an original in them is reported in the certificate, and does
not fail the proof. Odoo ships invented people there, and the own company's name belongs there.

Everything else that holds an original is a leak. The list is short on purpose: a column belongs on
it only when no verdict of a policy can change it without breaking what it is for.
"""

REPORTED = frozenset(
    {
        "crm_lead.email_domain_criterion",
        "fetchmail_server.server",
        "ir_attachment.url",
        "ir_mail_server.smtp_host",
        "ir_sequence.name",
        "ir_ui_view.arch_db",
        "ir_ui_view.arch_prev",
        "mail_template.body_html",
        "res_company_ldap.ldap_base",
        "stock_route.name",
        "stock_warehouse.name",
    }
)
