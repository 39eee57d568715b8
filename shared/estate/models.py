"""The entries of the estate file, with the rules that hold inside one entry."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from shared.estate.certificates import Certificate
from shared.estate.deployments import ByImage, Deploy
from shared.estate.entry import (
    Container,
    DatabaseName,
    Duration,
    EstateModel,
    HostName,
    Name,
    ResourceGroup,
    Subscription,
)
from shared.estate.references import SecretReference
from shared.estate.rotations import Rotation
from shared.estate.tried_login import TriedLogin


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


class Region(EstateModel):
    """One Azure region in which something of the estate runs."""

    name: Name
    """The region's name in Azure, such as ``westeurope``."""


class Cluster(EstateModel):
    """One Kubernetes cluster."""

    name: Name
    """The cluster's name; environments refer to it."""

    region: Name
    """The region in which it runs."""

    job_image: str = "signalbox-jobs:latest"
    """The image that our Jobs run there: Python with this package, PostgreSQL's client programs."""

    url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+$")
    """Its API server: with ``https`` that of AKS, signed in to as the managed identity. None takes
    the deployment's ``SIGNALBOX_KUBERNETES_URL``; clusters in two regions state one each."""

    ca: str | None = None
    """Certificate authority of that API server, base64, as AKS shows it; it is no secret."""

    @model_validator(mode="after")
    def _of_an_address(self) -> Self:
        if self.ca and not self.url:
            raise ValueError("ca belongs to url: state both, or neither")
        return self


class RunByUs(EstateModel):
    """Plain PostgreSQL: promoted by a statement, and somebody has its files."""

    kind: Literal["plain"] = "plain"

    rejoin: SecretReference | None = None
    """Where the address is kept that makes it a standby again; None leaves that to a person."""


class RunByCloudNativePg(EstateModel):
    """A replica cluster of the operator CloudNativePG, or the cluster that it replicates."""

    kind: Literal["cloudnativepg"]

    cluster: Name
    """The Kubernetes cluster on which the operator runs it."""

    namespace: Name
    """The namespace of its Cluster resource there."""

    resource: Name
    """The Cluster resource's name, which is also its name in the replica configuration."""


class RunByAzure(EstateModel):
    """An Azure Database for PostgreSQL Flexible Server."""

    kind: Literal["flexible-server"]

    subscription: Subscription
    """The subscription's id."""

    resource_group: ResourceGroup
    """The resource group."""

    resource: Name
    """The server's name in Azure."""

    repair: bool = False
    """Whether what a promotion does not carry over is set again without a person; high availability
    and longer backups cost money."""


RunBy = Annotated[RunByUs | RunByCloudNativePg | RunByAzure, Field(discriminator="kind")]


class Server(EstateModel):
    """One PostgreSQL server."""

    name: Name
    """The server's name; environments refer to it."""

    region: Name
    """The region in which it runs."""

    role: Literal["production", "nonproduction"]
    """Whether it holds real data. A production server refuses masking, whatever a database says."""

    url: SecretReference
    """Where the administrator's connection URL is kept."""

    replica_of: Name | None = None
    """The server whose streaming standby this is."""

    run_by: RunBy = RunByUs()
    """Who promotes it, and who makes it a standby again."""


class Database(EstateModel):
    """An environment's database."""

    server: Name
    """The server that holds it."""

    name: DatabaseName
    """Its name on that server."""

    owner: DatabaseName = "odoo"
    """The role that Odoo connects as and that owns everything in it."""


class Workload(EstateModel):
    """Something on Kubernetes that uses the database."""

    kind: Literal["Deployment", "StatefulSet", "CronJob"] = "Deployment"
    """Its kind; a CronJob is suspended where the others are scaled to zero."""

    name: Name
    """Its name in the environment's namespace."""

    replicas: int = Field(default=1, ge=1)
    """How many pods it has while the environment is open. A CronJob has none."""

    scheduled: bool = False
    """Whether it runs Odoo's scheduled actions: then it works on exactly one side of a pair."""


class Service(StrEnum):
    """What an integration serves; after a failover they are resumed in this order."""

    ORDERS = "orders"
    CARRIERS = "carriers"
    MAIL = "mail"
    OTHER = "other"


class Integration(EstateModel):
    """A workload that exchanges data with others; after a failover it is the last to start."""

    name: Name
    """Its name, as evidence says it."""

    service: Service
    """What it serves: orders and warehouse first, then EDI and carriers, then mail, then others."""

    workload: Workload
    """What carries it, in the namespaces of both sides."""

    check: Literal[
        "sequences-ahead", "posted-entries-balance", "stock-matches-moves", "mail-not-sent-twice"
    ]
    """What must hold before it is switched on."""


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


class Failover(EstateModel):
    """How an environment is failed over to its standby, and when nobody has to be asked."""

    automatic: bool = False
    """Whether it goes on without a person while all witnesses agree and the expected loss is known
    to be within the objective."""

    unreachable_primary: Literal["allow", "ask"] = "ask"
    """Whether it may promote without a person although the old primary cannot be fenced yet: its
    fence is then ordered, and executed the moment it is back."""

    hold_down: Duration = Field(default=timedelta(seconds=30), ge=timedelta(0))
    """How long the primary must be down without a break before that counts."""

    rto: Duration | None = Field(default=None, gt=timedelta(0))
    """Within which time orders flow again; None takes the tier's."""

    rpo: Duration | None = Field(default=None, ge=timedelta(0))
    """How much may be lost, in time; None takes the tier's."""

    drill_every: Duration | None = Field(default=None, gt=timedelta(0))
    """How often it is to be rehearsed; None takes the tier's."""

    drill: Literal["announce", "run"] = "announce"
    """Whether people are only reminded of a drill that is due, or ``signalbox drill due``, which a
    scheduler calls, holds it."""

    approval: Duration = Field(default=timedelta(minutes=15), gt=timedelta(0))
    """How long a person may take to decide; then it is refused."""

    health_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """What the application answers with 200 while it works, its database included
    (``/web/health?db_server_status=1``)."""

    calendar: Name | None = None
    """The calendar whose freezes, month ends and cut-offs people see before a failover. A
    switchover keeps to it, unless its event says why not."""

    redis: SecretReference | None = None
    """Where the URL of the Redis database with the users' sessions is kept; a failover empties it,
    so it must hold nothing else."""


class ScaledDown(EstateModel):
    """A workload that makes do with fewer pods for a while."""

    workload: Name
    """A Deployment or StatefulSet among the environment's workloads or integrations."""

    replicas: int = Field(ge=0)
    """How many pods it has while the load is eased."""


class Easing(EstateModel):
    """What a production environment may do without while its standby catches up."""

    suspend: tuple[Name, ...] = ()
    """CronJobs in its namespace that are suspended."""

    scale: tuple[ScaledDown, ...] = ()
    """Workloads in its namespace that get fewer pods."""

    pause: tuple[Name, ...] = ()
    """Environments without real data, on the same Kubernetes cluster or server, that sleep
    meanwhile."""


class LagLimits(EstateModel):
    """When a standby is too far behind, and when it has caught up."""

    threshold: Duration | None = Field(default=None, gt=timedelta(0))
    """Further behind than this is too far; None takes a third of the RPO."""

    recovered_below: Duration | None = Field(default=None, gt=timedelta(0))
    """Within this it has caught up; None takes half of the threshold."""

    sustained: Duration = Field(default=timedelta(seconds=30), gt=timedelta(0))
    """For how long either must be so before it counts."""

    patience: Duration = Field(
        default=timedelta(minutes=15), gt=timedelta(0), le=timedelta(hours=12)
    )
    """How long the eased load may help before people are told that it does not."""

    easing: Easing = Easing()
    """What is done about it."""


class Release(EstateModel):
    """How an environment takes a release."""

    ring: Name
    """The ring that it follows: releases are promoted from ring to ring."""

    calendar: Name | None = None
    """The calendar whose windows it waits for; None: it may be changed at any time."""

    takes: Duration = Field(default=timedelta(minutes=30), ge=timedelta(0))
    """A release does not begin when less than this is left of a window. One that has begun is not
    stopped by its end."""

    container: Name = "odoo"
    """The container of each workload that runs the released image."""

    deploy: Deploy = ByImage()
    """How the image gets to the workloads: written there, or told to who owns them."""

    checkpoint: Literal["none", "database"] = "none"
    """Whether the database is copied inside its server first, to go back to. Everything that uses
    it then stands still until the release is deployed."""

    update: tuple[str, ...] = ()
    """The command that updates Odoo's modules, run as a Job in the released image with the settings
    of the first workload: ``[odoo, -u, all, --stop-after-init]``. Empty: none are updated."""

    health_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """What the application answers with 200 once it works again."""

    @model_validator(mode="after")
    def _can_be_undone(self) -> Self:
        if self.update and self.checkpoint == "none":
            raise ValueError(
                "a module update that fails leaves nothing to go back to: state checkpoint: "
                "database, or remove update"
            )
        return self


OBJECTIVES = {
    1: (timedelta(hours=1), timedelta(minutes=15)),
    2: (timedelta(hours=4), timedelta(hours=1)),
    3: (timedelta(hours=24), timedelta(hours=24)),
}
"""RTO and RPO of each tier."""


DRILLS = {1: timedelta(days=30), 2: timedelta(days=90), 3: timedelta(days=365)}
"""How often each tier rehearses."""


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
