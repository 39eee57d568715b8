"""Where users and Odoo are led, as a typed diff: planned, applied, read back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from functions.failover.sides import administrators_dsn
from shared.cluster import Cluster
from shared.estate import Environment, Workload
from shared.ledger import Pair
from shared.messages.failover import EndpointChange
from shared.postgres.databases import Databases
from shared.postgres.logins import user_of
from shared.postgres.urls import odoos_settings, odoos_url, own_url, place_of
from shared.traffic import Redirect

AT_ONCE = 6
"""Requests to a Kubernetes API at the same time."""

WITHDRAWN = ".withdrawn.invalid"
"""What the host names of a fenced side end with: nobody's request has such a name (RFC 2606)."""


def plan_redirects(cluster: Cluster, databases: Databases, pair: Pair) -> tuple[Redirect, ...]:
    """Whatever on the standby's side does not lead there yet; nothing is changed."""
    found = (
        _configuration(cluster, databases, pair),
        _secret(cluster, databases, pair),
        _route(cluster, pair.standby, pair.production, taken_over),
    )
    return tuple(each for each in found if each.changes)


def plan_withdrawal(cluster: Cluster, side: Environment, production: Environment) -> Redirect:
    """What takes production's host names away from a side."""
    return _route(cluster, side, production, withdrawn)


def withdraw(cluster: Cluster, side: Environment, production: Environment, *, epoch: int) -> None:
    """Take the routes and the workloads away from a side.

    Raises TemporaryError when its cluster does not answer: a region that is lost takes its
    Kubernetes API with it.
    """
    cluster.greet()
    stop = partial(cluster.stop_workload, side.namespace, epoch=epoch)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stops = pool.map(stop, _workloads(side, production))
        plan_withdrawal(cluster, side, production).write(epoch)
        list(stops)


def restore(cluster: Cluster, side: Environment, production: Environment, *, epoch: int) -> None:
    """Lead users back to a side, and scale its workloads to what they were; raises as above."""
    cluster.greet()
    _route(cluster, side, production, taken_over).write(epoch)
    workloads = _workloads(side, production)
    cluster.start_workloads(side.namespace, workloads, epoch=epoch, as_before=True)


def _workloads(side: Environment, production: Environment) -> tuple[Workload, ...]:
    return (*side.workloads, *(each.workload for each in production.integrations))


def taken_over(rule: str, side: Environment, production: Environment) -> str:
    """A route's match rule on the side that serves production's host names.

    Other conditions stay: ``Host(`erp.acme.example`) && PathPrefix(`/websocket`)`` keeps its path.
    """
    if side == production:
        return rule.replace(f"{WITHDRAWN}`", "`")
    own, all_of_them = _hosts(side, production)
    return rule if all_of_them in rule else rule.replace(own, all_of_them)


def withdrawn(rule: str, side: Environment, production: Environment) -> str:
    """A route's match rule on the side that must not serve production's host names."""
    if side == production:
        for endpoint in production.endpoints:
            rule = rule.replace(f"`{endpoint.host}`", f"`{endpoint.host}{WITHDRAWN}`")
        return rule
    own, all_of_them = _hosts(side, production)
    return rule.replace(all_of_them, own)


def _hosts(side: Environment, production: Environment) -> tuple[str, str]:
    """How a standby's route matches its own name, and that together with production's names."""
    own = f"Host(`{side.endpoints[0].host}`)"
    theirs = (f"Host(`{endpoint.host}`)" for endpoint in production.endpoints)
    return own, f"({' || '.join([own, *theirs])})"


def _configuration(cluster: Cluster, databases: Databases, pair: Pair) -> Redirect:
    side, base_url = pair.standby, pair.production.endpoints[0].base_url
    wanted = odoos_settings(administrators_dsn(databases, side), base_url)
    before = cluster.read_config(side.namespace, side.config_map)
    return Redirect(
        tuple(_differences("ConfigMap", side.namespace, side.config_map, before, wanted)),
        lambda epoch: cluster.write_config(side.namespace, side.config_map, wanted, epoch=epoch),
    )


def _secret(cluster: Cluster, databases: Databases, pair: Pair) -> Redirect:
    side = pair.standby
    url = odoos_url(cluster.read_secret(side.namespace, side.database_secret), side)
    own = {"url": own_url(url, administrators_dsn(databases, side), side.database)}
    shown = ({"url": _shown(url)}, {"url": _shown(own["url"])})
    return Redirect(
        tuple(_differences("Secret", side.namespace, side.database_secret, *shown)),
        lambda epoch: cluster.write_secret(side.namespace, side.database_secret, own, epoch=epoch),
    )


def _route(
    cluster: Cluster,
    side: Environment,
    production: Environment,
    rewrite: Callable[[str, Environment, Environment], str],
) -> Redirect:
    before = cluster.route_rules(side.namespace, side.route)
    after = [rewrite(rule, side, production) for rule in before]
    return Redirect(
        tuple(
            _differences(
                "IngressRoute", side.namespace, side.route, _numbered(before), _numbered(after)
            )
        ),
        lambda epoch: cluster.write_route_rules(side.namespace, side.route, after, epoch=epoch),
    )


def _numbered(rules: Sequence[str]) -> dict[str, str]:
    return {f"match {number}": rule for number, rule in enumerate(rules, start=1)}


def _differences(
    kind: str, namespace: str, name: str, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[EndpointChange]:
    for setting, value in after.items():
        was = before.get(setting, "")
        if was != value:
            place = f"{kind} {namespace}/{name}"
            yield EndpointChange(place=place, setting=setting, before=was, after=value)


def _shown(url: str) -> str:
    """A connection string without what is secret."""
    return f"{user_of(url)} at {{host}}:{{port}}/{{dbname}}".format(**place_of(url))
