"""What neutralization changes, as data: one entry per fact about one table.

Tables and columns differ between versions and modules; an entry for one that is not there does
nothing. Column names may be patterns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | bool | None

DISABLED_URL = "https://disabled.invalid/"
NO_SERVER = "invalid"
"""Host of the one mail server that stays active: it resolves to nothing (RFC 2606)."""


@dataclass(frozen=True)
class Change:
    """Set columns (names or patterns) of one table's rows to these values.

    ``where`` limits the rows to those with one of these values in a column, ``unless`` to the rest.
    ``secret`` marks credentials, of which not even dead rows may stay in the data file.
    """

    table: str
    values: Mapping[str, Value]
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secret: bool = False


CREDENTIALS = (
    "*password*",
    "*passwd*",
    "*_pass",
    "*secret*",
    "*_token",
    "*_rtoken",
    "*api_key*",
    "*_hmac_key",
    "*private_key*",
    "*_access_key*",
    "*_client_key",
    "*publishable_key",
    "*_merchant*",
    "*authorization_code",
)
"""Columns that hold credentials, in the tables that describe services."""

SERVICES = (
    "auth_oauth_provider",
    "fetchmail_server",
    "google_calendar_credentials",
    "ir_mail_server",
    "microsoft_calendar_credentials",
    "payment_provider",
    "pos_payment_method",
    "res_company",
    "res_company_ldap",
    "res_users_settings",
    "website",
)

CHANGES: tuple[Change, ...] = (
    *(Change(table, dict.fromkeys(CREDENTIALS), secret=True) for table in SERVICES),
    Change("ir_mail_server", {"active": False}, unless={"smtp_host": (NO_SERVER,)}),
    Change("ir_mail_server", {"active": True}, where={"smtp_host": (NO_SERVER,)}),
    Change("ir_mail_server", {"smtp_user": None, "smtp_ssl_certificate": None}, secret=True),
    Change("fetchmail_server", {"active": False, "state": "draft", "user": None}, secret=True),
    Change("mail_template", {"mail_server_id": None}),
    Change("mailing_mailing", {"mail_server_id": None}),
    Change("mail_mail", {"state": "cancel"}, where={"state": ("outgoing", "exception")}),
    Change("sms_sms", {"state": "canceled"}, where={"state": ("outgoing", "process", "error")}),
    Change("snailmail_letter", {"state": "canceled"}, where={"state": ("pending", "error")}),
    Change("mailing_mailing", {"state": "draft"}, where={"state": ("in_queue", "sending")}),
    Change("sale_order", {"pending_email_template_id": None}),
    Change("account_move", {"sending_data": None, "send_and_print_values": None}),
    Change("queue_job", {"state": "cancelled"}, unless={"state": ("done", "failed", "cancelled")}),
    Change("ir_act_server", {"webhook_url": DISABLED_URL}, where={"state": ("webhook",)}),
    Change("base_automation", {"active": False}, where={"trigger": ("on_webhook",)}),
    Change("auth_oauth_provider", {"enabled": False, "client_id": None}),
    Change(
        "auth_oauth_provider",
        {
            "auth_endpoint": DISABLED_URL,
            "validation_endpoint": DISABLED_URL,
            "data_endpoint": None,
        },
        secret=True,
    ),
    Change("res_company_ldap", {"ldap_server": "ldap.invalid", "ldap_binddn": None}, secret=True),
    Change("iap_account", {"account_token": "dummy_value+disabled"}, secret=True),
    Change("payment_provider", {"state": "disabled"}, unless={"state": ("disabled", "test")}),
    Change("payment_provider", {"*_account": None, "*_client_id": None, "*_webhook_id": None}),
    Change("payment_provider", {"*_webhook_token": None, "*_pspid": None, "*_login": None}),
    Change("delivery_carrier", {"prod_environment": False}),
    Change("delivery_carrier", {"mondialrelay_brand": "BDTEST  "}),
    Change(
        "delivery_carrier",
        {"active": False},
        unless={"delivery_type": ("fixed", "base_on_rule")},
    ),
    Change("pos_payment_method", {"*_test_mode": True, "paytm_merchant_key": None}),
    Change("website", {"domain": None, "cdn_activated": False, "cdn_url": None}),
    Change("website", {"robots_txt": "User-agent: *\nDisallow: /", "google_*_key": None}),
    Change("res_users", {"microsoft_calendar_token": None, "microsoft_calendar_rtoken": None}),
    Change("res_users", {"oauth_access_token": None, "totp_secret": None}, secret=True),
    Change(
        "res_users_settings",
        {
            "google_synchronization_stopped": True,
            "microsoft_synchronization_stopped": True,
        },
    ),
    Change("google_calendar_credentials", {"synchronization_stopped": True}),
    Change("microsoft_calendar_credentials", {"synchronization_stopped": True}),
    Change("account_edi_proxy_client_user", {"edi_mode": "test"}, unless={"edi_mode": ("demo",)}),
    Change(
        "account_edi_proxy_client_user",
        {"edi_mode": "demo"},
        where={"proxy_type": ("l10n_it_edi",)},
    ),
    Change(
        "account_edi_proxy_client_user",
        {"active": False},
        where={"proxy_type": ("l10n_my_edi",)},
    ),
    Change(
        "res_company",
        {
            "l10n_es_sii_test_env": True,
            "l10n_es_tbai_test_env": True,
            "l10n_es_edi_test_env": True,
            "l10n_ro_edi_test_env": True,
            "l10n_rs_edi_demo_env": True,
            "l10n_eg_production_env": False,
            "l10n_in_edi_production_env": False,
            "l10n_hu_edi_server_mode": "test",
            "l10n_my_edi_mode": "test",
            "l10n_sa_api_mode": "sandbox",
            "l10n_tr_nilvera_environment": "sandbox",
            "l10n_ke_cu_proxy_address": None,
        },
    ),
    Change(
        "ir_ui_view",
        {"active": True},
        where={"key": ("web.neutralize_banner", "website.neutralize_ribbon")},
    ),
)
"""The changes, in order. The first ones clear credentials wherever a service keeps them."""

EMPTIED = (
    "auth_totp_device",
    "mail_message_schedule",
    "mail_notification_web_push",
    "mail_partner_device",
    "mail_push",
    "mail_push_device",
    "res_users_apikeys",
)
"""Tables whose rows let somebody in, or go out by themselves."""

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
