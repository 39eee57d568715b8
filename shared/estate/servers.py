"""What environments run on: regions, Kubernetes clusters, PostgreSQL servers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.estate.entry import DatabaseName, EstateModel, Name, ResourceGroup, Subscription
from shared.estate.references import SecretReference


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
    drill_image: str | None = None
    """The image that drills run in there: this package with its embedded platform. None: none is
    held there."""
    drills_at_once: int = Field(default=2, ge=1)
    """How many drills the clock lets be held there at a time."""
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
