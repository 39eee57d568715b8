"""The rules that hold between entries of the estate file: what is wrong, and the remedy."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from shared.estate.entries import Entries, Named, by_name
from shared.estate.environments import Environment
from shared.estate.offers import problems_of
from shared.estate.schedules import Schedule
from shared.signs import listed


def _names(entries: Iterable[Named]) -> str:
    return listed(entry.name for entry in entries)


def _repeated(keys: Iterable[str]) -> list[str]:
    return [key for key, count in Counter(keys).items() if count > 1]


def names_are_unique(estate: Entries) -> Iterator[str]:
    """An event names an environment; two of that name would make it a guess."""
    kinds: dict[str, Sequence[Named]] = {
        "region": estate.regions,
        "cluster": estate.clusters,
        "server": estate.servers,
        "environment": estate.environments,
        "calendar": estate.calendars,
        "schedule": estate.schedules,
        "offer": estate.offers,
        "webhook": estate.notifications.webhooks,
    }
    for kind, entries in kinds.items():
        for name in _repeated(entry.name for entry in entries):
            yield f"{kind} {name} is there twice: rename or remove one"


def references_are_known(estate: Entries) -> Iterator[str]:
    """Whatever an entry refers to by name is in the file."""
    for kind, entries in (("cluster", estate.clusters), ("server", estate.servers)):
        for entry in entries:
            yield from _unknown(f"{kind} {entry.name}", "region", entry.region, estate.regions)
    for server in estate.servers:
        if server.replica_of is not None:
            others = [other for other in estate.servers if other is not server]
            yield from _unknown(f"server {server.name}", "server", server.replica_of, others)
    for environment in estate.environments:
        who = f"environment {environment.name}"
        yield from _unknown(who, "region", environment.region, estate.regions)
        yield from _unknown(who, "cluster", environment.cluster, estate.clusters)
        yield from _unknown(who, "server", environment.database.server, estate.servers)


def azure_and_webhooks_name_known_environments(estate: Entries) -> Iterator[str]:
    """A rule or a webhook for an environment that does not exist would silently do nothing."""
    for who, part in (("azure", estate.azure), ("notifications", estate.notifications)):
        for name in dict.fromkeys(part.environments):
            yield from _unknown(who, "environment", name, estate.environments)


def failovers_name_known_calendars(estate: Entries) -> Iterator[str]:
    """Conflicts with a calendar that does not exist would never be seen."""
    for environment in estate.environments:
        if environment.failover.calendar is not None:
            who = f"environment {environment.name}: failover"
            yield from _unknown(who, "calendar", environment.failover.calendar, estate.calendars)


def releases_can_go_where_they_are_let(estate: Entries) -> Iterator[str]:
    """A standby's database is production's: a release may only change what runs there."""
    for environment in estate.environments:
        policy, who = environment.release, f"environment {environment.name}: release"
        if policy is None:
            continue
        if policy.calendar is not None:
            yield from _unknown(who, "calendar", policy.calendar, estate.calendars)
        if environment.environment_class == "standby" and policy.checkpoint == "database":
            yield (
                f"{who}: a standby's database is production's, where it is copied and updated; "
                "remove checkpoint and update"
            )


def schedules_can_be_followed(estate: Entries) -> Iterator[str]:
    """Production never sleeps, and whoever has two schedules would follow neither for sure."""
    for schedule in estate.schedules:
        who = f"schedule {schedule.name}"
        for name in schedule.calendars:
            yield from _unknown(who, "calendar", name, estate.calendars)
        for name in schedule.environments:
            yield from _unknown(who, "environment", name, estate.environments)
        yield from _unfit_followers(estate, schedule)
    for what, followers in (
        ("environment", [name for each in estate.schedules for name in each.environments]),
        ("class", [kind for each in estate.schedules for kind in each.classes]),
    ):
        for name in _repeated(followers):
            yield f"{what} {name} has two schedules: keep one"


def _unfit_followers(estate: Entries, schedule: Schedule) -> Iterator[str]:
    named = [each for each in estate.environments if each.name in schedule.environments]
    for each in named:
        if each.refresh_from is None and schedule.refresh is not None:
            yield f"schedule {schedule.name}: {each.name} has no refresh_from; state it there"
    what = [(f"class {kind}", kind) for kind in schedule.classes]
    what += [(each.name, each.environment_class) for each in named]
    for who, kind in what:
        if kind.holds_real_data and (schedule.awake or schedule.refresh):
            yield (
                f"schedule {schedule.name}: {who} holds real data, which never sleeps and is never "
                "refreshed; remove it"
            )
        if kind != "production" and schedule.drill:
            yield f"schedule {schedule.name}: only production is drilled; remove {who}, or drill"


def drills_can_be_held(estate: Entries) -> Iterator[str]:
    """Found on the night of the drill, it would be too late."""
    for production in estate.environments:
        schedule, standby = estate.schedule_of(production.name), estate.standby_for(production.name)
        if schedule is None or schedule.drill is None:
            continue
        who = f"schedule {schedule.name}: {production.name}"
        if standby is None:
            if production.name in schedule.environments:
                yield f"{who} has no standby to drill with; remove it"
            continue
        if production.backups is None:
            yield f"{who} has no backups to drill with; state them"
        sides = {production.cluster, standby.cluster}
        for cluster in (each for each in estate.clusters if each.name in sides):
            if cluster.drill_image is None:
                yield f"{who} cannot be drilled on cluster {cluster.name}: state its drill_image"


def rotations_have_a_place(estate: Entries) -> Iterator[str]:
    """A pair has one login, and a secret that two environments have would get both's."""
    rotated = [each for each in estate.environments if each.rotation is not None]
    for each in rotated:
        if each.standby_of is not None:
            yield f"environment {each.name}: its login is that of {each.standby_of}; state it there"
    places = [each.rotation.secret for each in rotated if each.rotation and each.rotation.secret]
    servers = [server.url for server in estate.servers]
    for place in _repeated(str(each) for each in (*places, *{*servers} & {*places})):
        yield f"rotation.secret {place} has another use; give each login a secret of its own"


def offers_can_be_kept(estate: Entries) -> Iterator[str]:
    """Found when somebody asks, it would be too late."""
    clusters = [cluster.name for cluster in estate.clusters]
    for offer in estate.offers:
        yield from problems_of(offer, estate.environments, clusters)
        if offer.awake is not None:
            yield from _unknown(f"offer {offer.name}", "calendar", offer.awake, estate.calendars)


def _unknown(who: str, kind: str, name: str, known: Sequence[Named]) -> Iterator[str]:
    if name not in [entry.name for entry in known]:
        yield f"{who}: there is no {kind} {name}; known are {_names(known)}"


def nothing_is_shared(estate: Entries) -> Iterator[str]:
    """What two environments share, a refresh of one would overwrite for the other."""
    everything = estate.environments
    yield from _shared(everything, "database", lambda each: (_database(each),))
    yield from _shared(everything, "namespace", lambda each: (f"{each.cluster}/{each.namespace}",))
    yield from _shared(everything, "host", lambda each: {point.host for point in each.endpoints})
    around: list[Environment] = []
    for each in sorted(everything, key=lambda e: (e.filestore.container, e.filestore.prefix)):
        while around and not _contains(around[-1], each):
            around.pop()
        if around:
            yield (
                f"environment {each.name}: its filestore lies in that of {around[-1].name}; "
                "give each a folder of its own"
            )
        around.append(each)


def _shared(
    environments: Sequence[Environment], kind: str, keys: Callable[[Environment], Iterable[str]]
) -> Iterator[str]:
    for key in _repeated(key for each in environments for key in keys(each)):
        users = [each for each in environments if key in keys(each)]
        yield f"environments {_names(users)} share the {kind} {key}; give each one of its own"


def _database(environment: Environment) -> str:
    return f"{environment.database.server}/{environment.database.name}"


def _contains(outer: Environment, inner: Environment) -> bool:
    one, other = outer.filestore, inner.filestore
    return one.container == other.container and other.prefix.startswith(one.prefix)


def real_data_stays_apart(estate: Entries) -> Iterator[str]:
    """A production server holds real data and nothing else; no other server holds any."""
    roles = {server.name: server.role for server in estate.servers}
    for environment in estate.environments:
        role = roles.get(environment.database.server)
        wanted = "production" if environment.environment_class.holds_real_data else "nonproduction"
        if role is not None and role != wanted:
            yield (
                f"environment {environment.name} is of class {environment.environment_class} but "
                f"server {environment.database.server} has the role {role}; "
                f"move it to a server with the role {wanted}"
            )


def refreshes_flow_away_from_production(estate: Entries) -> Iterator[str]:
    """A refresh overwrites its target: real data is only ever the source."""
    known = by_name(estate.environments)
    for target in estate.environments:
        who = f"environment {target.name}"
        if target.refresh_from is None:
            if target.admin_password is not None:
                yield f"{who}: only a refresh sets admin_password; remove it, or add refresh_from"
            continue
        source = known.get(target.refresh_from)
        if target.environment_class.holds_real_data:
            yield f"{who} holds real data and must never be refreshed; remove refresh_from"
        if source is None:
            yield from _unknown(who, "environment", target.refresh_from, estate.environments)
        elif not source.environment_class.holds_real_data:
            yield f"{who}: {source.name} is no production or standby environment to refresh from"
        elif source.backups is None:
            yield f"{who}: {source.name} has no backups to refresh from; state its backups"


def easing_names_what_is_there(estate: Entries) -> Iterator[str]:
    """What gets fewer pods while a standby catches up is among the environment's workloads."""
    for environment in estate.environments:
        scalable = [each for each in environment.all_workloads if each.kind != "CronJob"]
        who = f"environment {environment.name}: lag.easing"
        for scaled in environment.lag.easing.scale:
            yield from _unknown(who, "Deployment or StatefulSet", scaled.workload, scalable)
        for name in environment.lag.easing.pause:
            yield from _unknown(who, "environment", name, estate.environments)
        for each in (e for e in estate.environments if e.name in environment.lag.easing.pause):
            yield from (f"{who}: {why}" for why in _cannot_be_paused(each, environment, estate))


def _cannot_be_paused(each: Environment, home: Environment, estate: Entries) -> Iterator[str]:
    if each.environment_class.holds_real_data:
        yield f"{each.name} holds real data and never sleeps; remove it from pause"
    sides = filter(None, (home, estate.standby_for(home.name)))
    if not any(each.shares_with(side) for side in sides):
        yield (
            f"{each.name} shares neither cluster nor server with {home.name}: pausing it gives "
            "nothing; remove it from pause"
        )


def pairs_can_fail_over(estate: Entries) -> Iterator[str]:
    """A standby follows the one production it stands for, with the same database."""
    known = by_name(estate.environments)
    upstream = {server.name: server.replica_of for server in estate.servers}
    for name in _repeated(e.standby_of for e in estate.environments if e.standby_of):
        yield f"environment {name} has two standbys; a failover would have to guess: keep one"
    for standby in estate.environments:
        if standby.standby_of is None:
            continue
        who, primary = f"environment {standby.name}", known.get(standby.standby_of)
        if primary is None:
            yield from _unknown(who, "environment", standby.standby_of, estate.environments)
            continue
        if (standby.environment_class, primary.environment_class) != ("standby", "production"):
            yield f"{who}: standby_of leads from a standby to a production; change their classes"
        if upstream.get(standby.database.server) != primary.database.server:
            yield (
                f"{who}: server {standby.database.server} is no replica_of "
                f"{primary.database.server}, where {primary.name} has its database"
            )
        if others := [e for e in estate.on_server(primary.database.server) if e is not primary]:
            yield (
                f"environments {_names([primary, *others])} share server "
                f"{primary.database.server}, which fails over as a whole; give each one of its own"
            )
        if standby.database.name != primary.database.name:
            yield f"{who}: its database must be called {primary.database.name}, as the primary's is"


def traffic_leads_to_pairs(estate: Entries) -> Iterator[str]:
    """A rule turns the host names of one environment, and only a failover turns them."""
    owners = {
        point.host: each.name
        for each in estate.environments
        if estate.standby_for(each.name)
        for point in each.endpoints
    }
    hosts = [host for rule in estate.traffic for host in rule.hosts]
    for host in _repeated(hosts):
        yield f"traffic: {host} is there twice: remove one"
    for host in hosts:
        if host not in owners:
            yield f"traffic: {host} is no endpoint of an environment that has a standby"
    for rule in estate.traffic:
        if len({owners.get(host) for host in rule.hosts}) > 1:
            yield f"traffic: {', '.join(rule.hosts)} fail over apart: make a rule for each"


RULES = (
    names_are_unique,
    references_are_known,
    azure_and_webhooks_name_known_environments,
    nothing_is_shared,
    real_data_stays_apart,
    refreshes_flow_away_from_production,
    easing_names_what_is_there,
    releases_can_go_where_they_are_let,
    failovers_name_known_calendars,
    schedules_can_be_followed,
    drills_can_be_held,
    rotations_have_a_place,
    offers_can_be_kept,
    pairs_can_fail_over,
    traffic_leads_to_pairs,
)
