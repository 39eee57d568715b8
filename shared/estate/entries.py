"""The entries of the estate file, found by name without looking through them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Protocol, Self, TypeVar

from shared.errors import PermanentError
from shared.estate.azure import AzureRules
from shared.estate.calendars import Calendar
from shared.estate.entry import EstateModel
from shared.estate.environments import Environment
from shared.estate.notifications import Notifications
from shared.estate.offers import Offer
from shared.estate.references import Reference, SecretReference
from shared.estate.releases import ReleaseRules
from shared.estate.schedules import Schedule
from shared.estate.servers import Cluster, Region, Server
from shared.estate.traffic import TrafficRule
from shared.estate.workloads import Integration, Workload
from shared.signs import listed


class UnknownEnvironment(PermanentError):
    """The estate has no environment of this name."""


class UnknownCluster(PermanentError):
    """The estate has no Kubernetes cluster of this name."""


class UnknownCalendar(PermanentError):
    """The estate has no calendar of this name."""


class UnknownOffer(PermanentError):
    """The estate offers no environments of this name."""


class UnknownServer(PermanentError):
    """The estate has no database server of this name."""


class NoStandby(PermanentError):
    """The estate names no environment that could take over from this one."""


class Entries(EstateModel):
    """Everything that the file describes, and how it is found."""

    regions: tuple[Region, ...]
    """The regions."""
    clusters: tuple[Cluster, ...]
    """The Kubernetes clusters."""
    servers: tuple[Server, ...]
    """The PostgreSQL servers."""
    environments: tuple[Environment, ...]
    """The environments."""
    calendars: tuple[Calendar, ...] = ()
    """Times: when environments may be changed, are awake, or are refreshed."""
    schedules: tuple[Schedule, ...] = ()
    """What environments do by the clock."""
    releases: ReleaseRules = ReleaseRules()
    """Which images may be released."""
    offers: tuple[Offer, ...] = ()
    """Environments that engineers may ask for."""
    azure: AzureRules = AzureRules()
    """What Azure's own events and alerts mean here."""
    traffic: tuple[TrafficRule, ...] = ()
    """How the world is led to the region that serves; without rules people are told to do it."""
    notifications: Notifications = Notifications()
    """Who is told what, beyond the bus."""
    masking_key: SecretReference = Reference("env", "SIGNALBOX_MASKING_KEY")
    """The secret that masked values are derived from: a new key gives new values everywhere."""

    def environment(self, name: str) -> Environment:
        """Return the environment of that name; raises UnknownEnvironment."""
        return _known(self._environments, name, UnknownEnvironment)

    def cluster(self, name: str) -> Cluster:
        """Return the cluster of that name; raises UnknownCluster."""
        return _known(by_name(self.clusters), name, UnknownCluster)

    def server(self, name: str) -> Server:
        """Return the server of that name; raises UnknownServer."""
        return _known(self._servers, name, UnknownServer)

    def calendar(self, name: str) -> Calendar:
        """Return the calendar of that name; raises UnknownCalendar."""
        return _known(by_name(self.calendars), name, UnknownCalendar)

    def offer(self, name: str) -> Offer:
        """Return the offer of that name; raises UnknownOffer."""
        return _known(by_name(self.offers), name, UnknownOffer)

    def is_cloned(self, name: str) -> bool:
        """Whether an offer clones the environment of that name."""
        return any(offer.source == name for offer in self.offers)

    def in_ring(self, ring: str) -> tuple[Environment, ...]:
        """Return the environments that follow the ring, in the file's order."""
        return tuple(
            each for each in self.environments if each.release and each.release.ring == ring
        )

    def schedule_of(self, name: str) -> Schedule | None:
        """Return the schedule that an environment follows: its own, else that of its class."""
        kind = self.environment(name).environment_class
        own = (each for each in self.schedules if name in each.environments)
        of_class = (each for each in self.schedules if kind in each.classes)
        return next(own, None) or next(of_class, None)

    def refreshed_from(self, name: str) -> tuple[Environment, ...]:
        """Return the environments that the backups of ``name`` refresh, in the file's order."""
        return self._refreshed.get(name, ())

    def on_server(self, name: str) -> tuple[Environment, ...]:
        """Return the environments whose databases are on the server, in the file's order."""
        return self._on_servers.get(name, ())

    def integrations_of(self, environment: Environment) -> tuple[Integration, ...]:
        """Return what exchanges data for it: on either side of a pair, production's."""
        production = environment.standby_of
        return (self.environment(production) if production else environment).integrations

    def workloads_of(self, environment: Environment) -> tuple[Workload, ...]:
        """Return what runs for it, integrations included."""
        integrations = self.integrations_of(environment)
        return (*environment.workloads, *(each.workload for each in integrations))

    def standby_for(self, name: str) -> Environment | None:
        """Return the environment that takes over from ``name``, if there is one."""
        return next(iter(self._standbys.get(name, ())), None)

    def pair(self, name: str) -> tuple[Environment, Environment]:
        """Return a production environment and its standby; raises NoStandby."""
        production, standby = self.environment(name), self.standby_for(name)
        if standby is None:
            raise NoStandby(
                f"{name} has no standby: no environment of the estate is standby_of it; name one "
                "that has one"
            )
        return production, standby

    @cached_property
    def _environments(self) -> Mapping[str, Environment]:
        return by_name(self.environments)

    @cached_property
    def _servers(self) -> Mapping[str, Server]:
        return by_name(self.servers)

    @cached_property
    def _refreshed(self) -> Mapping[str | None, tuple[Environment, ...]]:
        return _grouped(self.environments, lambda each: each.refresh_from)

    @cached_property
    def _on_servers(self) -> Mapping[str | None, tuple[Environment, ...]]:
        return _grouped(self.environments, lambda each: each.database.server)

    @cached_property
    def _standbys(self) -> Mapping[str | None, tuple[Environment, ...]]:
        return _grouped(self.environments, lambda each: each.standby_of)

    def __copy__(self) -> Self:
        """Without what was found out about the entries, which the copy may get others of."""
        copied = super().__copy__()
        for name in vars(copied).keys() - type(self).model_fields.keys():
            del vars(copied)[name]
        return copied


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name."""


Entry = TypeVar("Entry", bound=Named)


def by_name(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries}


def _grouped(
    environments: Iterable[Environment], key: Callable[[Environment], str | None]
) -> Mapping[str | None, tuple[Environment, ...]]:
    groups: defaultdict[str | None, list[Environment]] = defaultdict(list)
    for each in environments:
        groups[key(each)].append(each)
    return {name: tuple(group) for name, group in groups.items()}


def _known(entries: Mapping[str, Entry], name: str, unknown: type[PermanentError]) -> Entry:
    if name not in entries:
        raise unknown(f"The estate does not know {name!r}; it knows {listed(entries)}.")
    return entries[name]
