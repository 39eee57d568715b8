"""An environment, as the estate file describes it."""

from datetime import timedelta
from enum import StrEnum
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from shared.estate.certificates import Certificate
from shared.estate.entry import Container, Duration, EstateModel, HostName, Name
from shared.estate.failovers import DRILLS, OBJECTIVES, Failover
from shared.estate.lags import LagLimits
from shared.estate.references import SecretReference
from shared.estate.releases import Release
from shared.estate.rotations import Rotation
from shared.estate.servers import Database
from shared.estate.tried_login import TriedLogin
from shared.estate.workloads import Integration, Workload


class EnvironmentClass(StrEnum):
    """What an environment is for; it decides what may be done to it."""

    PRODUCTION = "production"
    STANDBY = "standby"
    STAGING = "staging"
    QA = "qa"
    TRAINING = "training"

    @property
    def holds_real_data(self) -> bool:
        """Whether the data in it is production's own: never masked, never neutralized."""
        return self in (EnvironmentClass.PRODUCTION, EnvironmentClass.STANDBY)


class Endpoint(EstateModel):
    """One address under which users or partners reach the environment."""

    host: HostName
    """The host name that the route matches; no other environment has it."""
    base_url: str = Field(pattern=r"^https?://[^/\s]+$")
    """What Odoo puts into links and mails (``web.base.url``): no slash at its end."""

    @model_validator(mode="after")
    def _one_host(self) -> Self:
        if urlsplit(self.base_url).hostname != self.host:
            raise ValueError(f"base_url leads to another host than {self.host}: make them the same")
        return self


class BlobFolder(EstateModel):
    """A folder in blob storage."""

    container: Container
    """The container."""
    prefix: str = Field(pattern=r"^([^/\\]+/)*$")
    """The blobs' common prefix; empty, or ending with a slash."""


class Environment(EstateModel):
    """One Odoo installation: application, database, filestore, endpoints."""

    name: Name
    """The environment's name, as events, runs and people say it."""
    environment_class: EnvironmentClass = Field(alias="class")
    """What it is for; it decides what may be done to it."""
    tier: Literal[1, 2, 3]
    """How much it matters: its RTO and RPO, and who has to approve."""
    region: Name
    """The region in which it runs."""
    cluster: Name
    """The Kubernetes cluster on which Odoo runs."""
    namespace: Name
    """Its namespace there; no other environment uses it."""
    database: Database
    """Its database."""
    workloads: tuple[Workload, ...] = Field(min_length=1)
    """Everything that must stand still while the database is exchanged."""
    config_map: Name = "odoo-config"
    """The ConfigMap with Odoo's configuration: ``db_host``, ``db_name``, ``web.base.url``."""
    database_secret: Name = "odoo-database"
    """The Secret whose key ``url`` Odoo connects with."""
    route: Name = "odoo"
    """The Traefik IngressRoute that leads users to it."""
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    """Its addresses; the first one is Odoo's base URL."""
    backups: BlobFolder | None = None
    """Where its backups are put; without it nothing can be refreshed from this environment."""
    filestore: BlobFolder
    """Where its attachments are."""
    standby_of: Name | None = None
    """The production environment that this one takes over from when it is failed over."""
    failover: Failover = Failover()
    """How it is failed over to its standby."""
    lag: LagLimits = LagLimits()
    """When its standby is too far behind, and what is done about it."""
    integrations: tuple[Integration, ...] = ()
    """What exchanges data with others, resumed after a failover in business order."""
    release: Release | None = None
    """How it takes releases; without it none reaches it."""
    rotation: Rotation | None = None
    """How its Odoo gets a new login; without it a person changes the password."""
    certificate: Certificate | None = None
    """How the certificate is renewed that its users see; without it a person does."""
    refresh_from: Name | None = None
    """The environment with real data whose backups refresh this one."""
    oldest_backup: Duration = Field(default=timedelta(days=7), gt=timedelta(0))
    """A backup that is older than this does not refresh it any more."""
    checkpoint_keep: Duration = Field(default=timedelta(days=3), gt=timedelta(0))
    """How long the previous database is kept after a refresh or a release, to go back to."""
    masking: str | None = None
    """The masking policy's name or path; None takes the policy that ships with Signalbox."""
    admin_password: SecretReference | None = None
    """Where the password is kept that Odoo's administrator gets after a refresh, with the login
    ``admin``; None: nobody can log in with a password until somebody sets one."""
    try_login: TriedLogin | None = None
    """As whom a login is tried after a refresh, a release or a failover; None: none is."""

    @model_validator(mode="after")
    def _tried_login_survives_a_refresh(self) -> Self:
        admin = (self.try_login.user, self.try_login.password) if self.try_login else None
        if self.refresh_from and admin not in (None, ("admin", self.admin_password)):
            raise ValueError(
                "after a refresh only admin has a password: let try_login be user admin, with the "
                "password of admin_password"
            )
        return self

    def shares_with(self, other: "Environment") -> bool:
        """Whether what one uses is missing to the other: nodes of a cluster, a server."""
        return self.cluster == other.cluster or self.database.server == other.database.server

    @property
    def all_workloads(self) -> tuple[Workload, ...]:
        """What uses the database, integrations included."""
        return (*self.workloads, *(each.workload for each in self.integrations))

    @property
    def rto(self) -> timedelta:
        """Within which time orders flow again after a disaster."""
        return OBJECTIVES[self.tier][0] if self.failover.rto is None else self.failover.rto

    @property
    def drill_every(self) -> timedelta:
        """How often its failover is to be rehearsed."""
        stated = self.failover.drill_every
        return DRILLS[self.tier] if stated is None else stated

    @property
    def rpo(self) -> timedelta:
        """How much may be lost in a disaster, in time."""
        return OBJECTIVES[self.tier][1] if self.failover.rpo is None else self.failover.rpo

    @property
    def lag_threshold(self) -> timedelta:
        """Further behind than this is too far; at least 5 seconds, also for an RPO of nothing."""
        return self.lag.threshold or max(self.rpo / 3, timedelta(seconds=5))

    @property
    def lag_recovered_below(self) -> timedelta:
        """Within this a standby that was too far behind has caught up."""
        return min(self.lag.recovered_below or self.lag_threshold / 2, self.lag_threshold)
