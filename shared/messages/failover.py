"""The facts that the failover agent's steps hand on; each adds to what the one before it knew."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from shared.messages import Event, Message

Says = Literal["healthy", "down", "unknown"]


class RegionDegraded(Event):
    """The region of a production environment is in trouble, or somebody thinks so."""

    type: ClassVar[str] = "region-degraded"

    reason: str = ""
    """What was seen, in words; it is evidence and decides nothing."""
    since: AwareDatetime | None = None
    """Since when, if the publisher knows: detection is measured from there."""
    planned: bool = False
    """Nothing is wrong: production is to be handed over to the other side without any loss, when
    people have approved it."""
    despite: str = ""
    """Why it is handed over although the calendar is against it; evidence, and seen by whoever
    approves."""
    azure_says: Says = "unknown"
    """What Azure Resource Health said of the database server: one vote among the witnesses."""


class Testimony(Message):
    """What one witness says of the side that serves."""

    witness: str
    says: Says
    why: str


class ExpectedLoss(Message):
    """What a promotion would lose: at most this, as of ``known_at``."""

    bytes: int
    seconds: float
    transactions: int
    known_at: datetime
    """When the primary said for the last time how far it was; what it did later is unknown."""


class RegionAssessed(Message):
    """What the witnesses agreed on, and what a failover would lose."""

    active: str
    """The side that served production when the run began."""
    standby: str
    """The side that takes over."""
    verdict: Literal["confirmed", "split", "planned"]
    """Split: the witnesses do not agree, or too few could say anything; a person decides. Planned:
    both sides are well."""
    testimonies: tuple[Testimony, ...]
    primary_reachable: bool
    """Whether the database of the active side could be asked, so that it can be fenced."""
    loss: ExpectedLoss | None
    """None: unknown."""
    degraded_at: datetime
    """Since when, as the event says, or when the run first looked."""
    suspected_at: datetime
    """When the run first looked."""
    assessed_at: datetime
    conflicts: tuple[str, ...] = ()
    """What the calendar has against an outage now."""
    despite: str = ""
    """Why a switchover is made all the same."""
    promoted_before: bool = False
    """An earlier run decided to promote and did not get to its end: this one goes on from there."""


class FailoverApproved(RegionAssessed):
    """The policy lets the failover go on, or people did."""

    approved_by: tuple[str, ...]
    """``policy``, or who approved."""
    asked_because: tuple[str, ...] = ()
    """Why people had to be asked."""
    approved_at: datetime


class PrimaryFenced(FailoverApproved):
    """Nothing can write to the active side, or an order stands that fences it when it is back."""

    fence: Literal["proven", "ordered"]
    """Proven: a write attempt from outside was refused. Ordered: it cannot be reached."""
    fence_proof: tuple[str, ...]
    withdrawn: bool = True
    """Whether the active side's cluster has taken routes and workloads away; else it could not be
    reached, and upkeep does so when it is back."""
    fenced_lsn: int | None = None
    """All that was ever committed on the fenced side lies before this; None: unknown."""
    system_identifier: str | None = None
    """Of the fenced side's server; only its own standby is promoted."""
    fenced_at: datetime


class StandbyPromoted(PrimaryFenced):
    """The standby is a primary; its timeline begins where the old one ended."""

    timeline: int
    previous_timeline: int
    promotion_lsn: int
    """Where the new timeline begins: what the old primary wrote behind it is lost."""
    promoted_at: datetime


class EndpointChange(Message):
    """One setting that leads users or Odoo somewhere else; secrets are shown as where they lead."""

    place: str
    """Kind, namespace and name: ``IngressRoute acme-prod/odoo``."""
    setting: str
    before: str
    after: str


class TrafficRedirected(StandbyPromoted):
    """Everything leads to the new primary: configuration, routes, workloads."""

    changes: tuple[EndpointChange, ...]
    skipped: tuple[str, ...]
    """What a failover would redirect as well and could not or need not, with the reason."""
    sessions_ended: int | None = None
    """Users' sessions in Redis; None when that was skipped."""
    not_led: tuple[str, ...] = ()
    """What still leads users to the old side although the estate says how to turn it, and why."""
    redirected_at: datetime


class ModelLoss(Message):
    """Rows of one model that the old side has and the new one has not."""

    model: str
    rows: int
    newest: tuple[str, ...]
    """A few of them, by name or number."""


class Finding(Message):
    """The verdict of one check on the new primary."""

    check: str
    passed: bool
    detail: str


class FailoverVerified(TrafficRedirected):
    """Odoo can work on the new primary; what is wrong in its data is named."""

    findings: tuple[Finding, ...]
    last_orders: tuple[str, ...]
    """The newest order of each warehouse."""
    lost: tuple[ModelLoss, ...] | None
    """None: the old side could not be read."""
    verified_at: datetime


class IntegrationsResumed(FailoverVerified):
    """Every integration whose check passed is at work again, in business order."""

    resumed: tuple[str, ...]
    held_back: tuple[str, ...]
    """With the reason."""
    resumed_at: datetime


class Segment(Message):
    """One part of the recovery time."""

    name: str
    took: timedelta


class FailoverClosed(IntegrationsResumed):
    """How long it took, what was lost, and whether that is within the objectives."""

    segments: tuple[Segment, ...]
    took: timedelta
    rto: timedelta
    rto_met: bool
    rpo: timedelta
    rpo_met: bool | None
    """None: what was lost cannot be known before the old side can be read."""
    lost_bytes: int | None
    lost_transactions: int | None
    lost_seconds: float | None
    debts: tuple[str, ...] = ()
    """What the promoted server lacks that the old one had, with the repair."""


class RegionRecovered(Event):
    """The side that was failed over from is there again."""

    type: ClassVar[str] = "region-recovered"


class RecoveryConfirmed(Message):
    """The side that was failed over from answers, is fenced, and was read for what was lost."""

    returning: str
    """The side that becomes a standby."""
    active: str
    """The side that serves."""
    lost: tuple[ModelLoss, ...]
    """Rows that only the returning side has: they are gone when it rejoins, but for this record."""
    fence_proof: str


class PrimaryRejoined(RecoveryConfirmed):
    """The old primary streams from the new one; the pair can fail over again."""

    timeline: int
    lag_bytes: int
