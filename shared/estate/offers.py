"""What engineers may ask for: environments for a while, cloned from a sanitized one."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from shared.estate.entry import Duration, EstateModel, Name
from shared.estate.environments import BlobFolder, Endpoint, Environment, EnvironmentClass
from shared.estate.servers import Database
from shared.estate.workloads import Workload

LONGEST_NAME = 30
"""Characters of the name of an environment on request."""

_PLACE = "{name}"

Pattern = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9._-]*\{name\}[a-z0-9._-]*$", max_length=200)
]
"""A name in which ``{name}`` stands for that of the environment."""

Quantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|Ki|Mi|Gi|Ti)?$")]
"""As Kubernetes counts: ``500m``, ``2``, ``4Gi``."""


class OfferedWorkload(EstateModel):
    """A Deployment that uses the database."""

    name: Name
    """Its name; the Service and the route lead to the first one."""
    image: str = Field(pattern=r"^\S+$", max_length=500)
    """What it runs, by its digest as far as it can be helped."""
    replicas: int = Field(default=1, ge=1)
    """How many pods."""
    command: tuple[str, ...] = ()
    """Instead of the image's own."""
    user: int = Field(default=101, ge=1)
    """The number of the image's user: of a name a cluster cannot tell that it is not root."""


class Quota(EstateModel):
    """What all pods of one environment may take together."""

    cpu: Quantity = "2"
    """Cores."""
    memory: Quantity = "4Gi"
    """Memory."""
    pods: int = Field(default=10, ge=1)
    """How many, Jobs included."""


class Egress(EstateModel):
    """Where its pods may connect to, beyond each other and name resolution."""

    cidr: IPv4Network
    """Addresses, such as the subnet of the non-production database servers."""
    ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(min_length=1)
    """TCP ports."""


class Offer(EstateModel):
    """A kind of environment that may be asked for."""

    name: Name
    """What people ask for."""
    environment_class: Literal[EnvironmentClass.QA, EnvironmentClass.TRAINING] = Field(
        alias="class"
    )
    """What such environments are for."""
    source: Name = Field(alias="from")
    """The environment whose newest certified copy is cloned, on the same server."""
    cluster: Name
    """The Kubernetes cluster that they run on."""
    namespace: Pattern
    """``qa-{name}``."""
    host: Pattern
    """``{name}.qa.acme.example``: DNS must lead all such names to the cluster already."""
    database: Pattern
    """``qa_{name}``, with dashes of the name as underscores; the role is called so, too."""
    filestore: BlobFolder
    """Where the folder of each environment's attachments is made."""
    workloads: tuple[OfferedWorkload, ...] = Field(min_length=1)
    """What runs in them."""
    quota: Quota = Quota()
    """What one of them may take."""
    egress: tuple[Egress, ...] = ()
    """Where their pods may connect to; nowhere else."""
    ingress_from: Name = "traefik"
    """The namespace of the ingress controller, whose pods alone may connect to theirs."""
    awake: Name | None = None
    """The calendar that says when they are awake, as in schedules; without one they never sleep."""
    at_once: int = Field(default=5, ge=1)
    """How many there may be at a time."""
    longest: Duration = Field(default=timedelta(days=7), gt=timedelta(0), le=timedelta(days=90))
    """How long one may live on, from the moment that somebody asks for it or extends it."""
    longest_in_all: Duration = Field(
        default=timedelta(days=30), gt=timedelta(0), le=timedelta(days=365)
    )
    """How old one may get, whoever extends it."""
    remind_before: Duration = Field(default=timedelta(days=1), gt=timedelta(0))
    """How long before its end people are reminded of it."""
    needs_approval: bool = False
    """Whether an approver has to consent to each."""

    def environment(self, name: str, source: Environment) -> Environment:
        """What an environment of this name would be."""
        database = self.database.replace(_PLACE, name.replace("-", "_"))
        host = self.host.replace(_PLACE, name)
        folder = self.filestore
        return Environment(
            name=name,
            environment_class=EnvironmentClass(self.environment_class),
            tier=3,
            region=source.region,
            cluster=self.cluster,
            namespace=self.namespace.replace(_PLACE, name),
            database=Database(server=source.database.server, name=database, owner=database),
            workloads=tuple(
                Workload(name=each.name, replicas=each.replicas) for each in self.workloads
            ),
            endpoints=(Endpoint(host=host, base_url=f"https://{host}"),),
            filestore=BlobFolder(container=folder.container, prefix=f"{folder.prefix}{name}/"),
            masking=source.masking,
        )

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Self:
        if self.longest > self.longest_in_all:
            raise ValueError("longest is more than longest_in_all: exchange them")
        return self


def problems_of(
    offer: Offer, environments: Sequence[Environment], clusters: Sequence[str]
) -> Iterator[str]:
    """Why an offer cannot be kept: what it names is not there, or would be shared."""
    who = f"offer {offer.name}"
    if offer.cluster not in clusters:
        yield f"{who}: there is no cluster {offer.cluster}; known are {', '.join(clusters)}"
    source = next((each for each in environments if each.name == offer.source), None)
    if source is None:
        yield f"{who}: there is no environment {offer.source} to clone"
    elif source.refresh_from is None:
        yield f"{who}: only refreshes make certified copies, and none refreshes {source.name}"
    else:
        yield from _unusable_names(offer, source)
    for each in environments:
        theirs, ours = each.filestore, offer.filestore
        near = theirs.prefix.startswith(ours.prefix) or ours.prefix.startswith(theirs.prefix)
        if theirs.container == ours.container and near:
            yield f"{who}: its filestore and that of {each.name} lie in one another; part them"


def _unusable_names(offer: Offer, source: Environment) -> Iterator[str]:
    try:
        offer.environment("x" * LONGEST_NAME, source)
    except ValidationError as error:
        for each in error.errors():
            what = ".".join(str(part) for part in each["loc"])
            yield f"offer {offer.name}: with a name of {LONGEST_NAME} letters {what} is unusable"
