"""What neutralization does in every Odoo, whatever its modules: see the policy for the rest."""

NO_SERVER = "invalid"
"""Host of the one mail server that stays active: it resolves to nothing (RFC 2606)."""

KEPT_PARAMETERS = (
    "account_payment.enable_portal_payment",
    "analytic.project_plan",
    "auth_signup.*",
    "base.*",
    "base_setup.*",
    "crm.pls_*",
    "database.create_date",
    "database.is_neutralized",
    "database.secret",
    "database.uuid",
    "digest.*",
    "mail.*.alias",
    "mail.activity.*",
    "mail.catchall.domain*",
    "mail.default.from*",
    "mail.restrict.*",
    "product.*",
    "report.url",
    "sale.*",
    "stock.*",
    "web.base.url*",
)
"""Keys of system parameters that stay; their secrets are replaced and their addresses remapped."""

HARMLESS_PARAMETER = r"(True|False|true|false|[0-9.,-]{1,12}|[a-z_]{1,20}(,[a-z_]{1,40})*)?"
"""Values that a parameter of unknown name may keep: truth values, numbers and plain words."""

SECRET_PARAMETER = r"secret|token|passw|key|client_id|credential|vapid|account|container|tenant"
"""Parts of keys whose parameters go whatever their value."""
