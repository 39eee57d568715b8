"""Everything a deployment decides. Read once, at the composition root."""

import hashlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

UNRESOLVED = "@Microsoft.KeyVault("
"""What an app setting begins with whose Key Vault reference could not be resolved."""


class Settings(BaseSettings):
    """One field per app setting. No default means that the deployment must say."""

    model_config = SettingsConfigDict(
        env_prefix="SIGNALBOX_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # a bad URL must not put its password in the log
    )

    service_bus: SecretStr | None = Field(default=None, validation_alias="ServiceBus")
    """Connection string of the Service Bus namespace; the functions' triggers use the same setting.
    Left out when ``ServiceBus__fullyQualifiedNamespace`` is given."""
    service_bus_namespace: str | None = Field(
        default=None, validation_alias="ServiceBus__fullyQualifiedNamespace"
    )
    """Host name of the Service Bus namespace, reached with the managed identity."""
    ledger_url: SecretStr
    """PostgreSQL URL of the ledger's database."""
    estate: Path
    """The estate file."""
    blobs: SecretStr
    """Storage account of backups and filestores: its blob endpoint (managed identity) or a
    connection string."""
    evidence_container: str = "evidence"
    """Container of that account in which every run that ended leaves its signed bundle. Give it an
    immutability policy; nothing there is ever replaced."""
    requests_per_minute: int = 300
    """How often one caller may ask over HTTP, of each worker process; a page that is watched asks
    less than once a second."""
    event_grid_topic: str | None = None
    """Endpoint of a custom topic of Azure Event Grid that outcomes are published to; nowhere but on
    the bus when left out."""
    event_grid_key: SecretStr | None = None
    """The topic's access key; the managed identity is used when left out."""
    kubernetes_url: str | None = None
    """API server of the clusters whose address the estate does not state: with ``https`` that of
    AKS, signed in to as the managed identity; with ``http`` the embedded platform's. The cluster
    that the functions run in, or the current kubeconfig context, when left out."""
    kubernetes_ca: str | None = None
    """Certificate authority of that API server, base64, as AKS shows it; it is no secret."""
    ledger_connections: int = 8
    """Most sessions of one process with the ledger; above the host's concurrent calls it gains
    nothing, below it steps wait for each other."""
    lease: timedelta = timedelta(seconds=60)
    """How long an attempt that is not heard of keeps others from taking the step over. Longer than
    any pause of a healthy process, shorter than a person's patience."""
    redrive_after: timedelta = timedelta(seconds=30)
    """How long a step may be ready without anyone at work before its command is written again.
    Longer than the bus takes to deliver under load; a repeated command is harmless."""
    resend_after: timedelta = timedelta(seconds=10)
    """How old an unsent message must be before upkeep sends it; its own process is sending the
    younger ones."""
    keep_runs: timedelta = Field(default=timedelta(days=400), ge=timedelta(days=30))
    """How long the ledger keeps runs that ended, events, resolved parked messages and what people
    were told. Longer than anybody may send the same event again: it would act anew."""
    keep_evidence: timedelta = Field(default=timedelta(days=2555), ge=timedelta(days=30))
    """How long it keeps sealed evidence, which has a run's audit entries and approvals, besides the
    copy in blob storage."""
    application_insights: SecretStr | None = Field(
        default=None, validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING"
    )
    """Application Insights resource that traces and metrics are exported to, signed in to as the
    managed identity; on Azure the host exports its own there too."""
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    """Where an OpenTelemetry collector takes traces and metrics over HTTP."""
    telemetry_on_console: bool = False
    """Whether traces and metrics are written to the standard output, to look at them."""
    signed_in_by_app_service: bool = Field(default=False, validation_alias="WEBSITE_AUTH_ENABLED")
    """Whether App Service authentication is in front and says who is asking; the platform sets it.
    Without it, and without the next two, nobody may ask anything but the app's health."""
    api_key: SecretStr | None = None
    """What machines without an identity send in the header ``x-functions-key``: they may read and
    publish, never approve."""
    forms_secret: SecretStr | None = None
    """What signs the tokens of forms; needed where the ledger's URL has no password."""
    developer: str | None = None
    """Name of the one person at this machine, for the embedded platform: whoever asks over the
    loopback address is this person and may do everything."""

    @field_validator("api_key", "event_grid_key", "forms_secret", "ledger_url")
    @classmethod
    def _resolved(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and value.get_secret_value().startswith(UNRESOLVED):
            raise ValueError(
                "Azure could not resolve this Key Vault reference, whose text anybody could guess: "
                "put the secret in the vault and give the app's identity Key Vault Secrets User"
            )
        return value

    @property
    def exports_telemetry(self) -> bool:
        """Whether traces and metrics go anywhere."""
        return bool(self.application_insights or self.otlp_endpoint or self.telemetry_on_console)

    @property
    def forms_key(self) -> bytes:
        """What signs the tokens of forms: the same in every process, and known to nobody else."""
        known = self.forms_secret or self.ledger_url
        if known is self.ledger_url and not urlsplit(known.get_secret_value()).password:
            raise ValueError("set SIGNALBOX_FORMS_SECRET: the ledger's URL has no password")
        return hashlib.sha256(f"forms\n{known.get_secret_value()}".encode()).digest()

    @property
    def bus(self) -> str:
        """What the bus is reached with: a connection string or a host name."""
        if self.service_bus is not None:
            return self.service_bus.get_secret_value()
        if self.service_bus_namespace is not None:
            return self.service_bus_namespace
        raise ValueError("set ServiceBus or ServiceBus__fullyQualifiedNamespace")
