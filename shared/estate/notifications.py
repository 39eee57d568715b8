"""Who is told what, beyond the bus: webhooks, each with what it wants to hear of."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from shared.estate.entry import Duration, EstateModel, Name
from shared.estate.references import SecretReference

AnnouncementType = Annotated[
    str,
    StringConstraints(
        pattern=(
            r"^(run-started|run-succeeded|run-failed|run-superseded|run-overdue|approval-requested"
            r"|approval-escalated|approval-decided|break-glass-used|message-parked|lag-escalated"
            r"|drill-due|debts-owed|environment-expiring|removal-owed|certificate-not-seen)"
            r"(/(refresh|failover|rejoin|drill|lag|catch-up|release|filestore|schedule|rotation"
            r"|revocation|renewal|environments|removal))?$"
        )
    ),
]
"""The type of an announcement; with a slash and the name of a runbook, only of its runs."""

WORTH_KNOWING: tuple[AnnouncementType, ...] = (
    "run-failed",
    "run-overdue",
    "approval-requested",
    "approval-escalated",
    "approval-decided",
    "break-glass-used",
    "message-parked",
    "run-started/lag",
    "lag-escalated",
    "run-succeeded/failover",
    "drill-due",
    "debts-owed",
    "environment-expiring",
    "removal-owed",
    "certificate-not-seen",
)


class Webhook(EstateModel):
    """An address that notifications are posted to."""

    name: Name
    """Its name, as logs and parked messages say it."""
    shape: Literal["json", "teams", "slack"]
    """What it understands: signed JSON, an Adaptive Card for a Teams workflow, Slack's blocks."""
    url: SecretReference
    """Where its address is kept: who knows it can post there. ``https``, but on this machine."""
    signing_key: SecretReference | None = None
    """Where the key is kept that signs the JSON: ``whsec_`` and 24 to 64 bytes in base64."""
    about: tuple[AnnouncementType, ...] = Field(default=WORTH_KNOWING, min_length=1)
    """What it is told, such as ``run-failed`` or ``run-succeeded/failover``."""
    environments: tuple[Name, ...] = ()
    """The environments it is told of, and nothing that is about none; empty: everything."""
    approver: Annotated[str, StringConstraints(pattern=r"^\S(.{0,198}\S)?$")] | None = None
    """The one person whom it reaches, named as when signing in: requests for approval then carry a
    link that is signed for this person. Never a channel that others read."""

    @model_validator(mode="after")
    def _signed_if_json(self) -> Self:
        if (self.shape == "json") != (self.signing_key is not None):
            raise ValueError("signing_key is for the shape json, which needs it: add or remove it")
        return self


class Notifications(EstateModel):
    """Without webhooks nobody is told but who subscribes to ``run-events``."""

    page: str | None = Field(default=None, pattern=r"^https?://[^/\s?#]+$")
    """Where people reach the console, for links; no slash at its end."""
    webhooks: tuple[Webhook, ...] = ()
    """Who is told."""
    give_up_after: Duration = Field(default="12 hours", validate_default=True)
    """How long a webhook may refuse or be silent until the notification is parked."""

    @property
    def approvers(self) -> frozenset[str]:
        """Who may decide by a signed link."""
        return frozenset(each.approver for each in self.webhooks if each.approver)

    @property
    def environments(self) -> tuple[str, ...]:
        """Every environment that a webhook names."""
        return tuple(name for each in self.webhooks for name in each.environments)

    @model_validator(mode="after")
    def _links_lead_somewhere(self) -> Self:
        if self.approvers and self.page is None:
            raise ValueError("an approver's link needs page: state where people reach the console")
        return self
