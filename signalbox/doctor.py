"""``signalbox doctor``: is everything there that a run will need, and how to mend what is not."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial

import psycopg
import typer
from azure.core.exceptions import AzureError
from azure.identity import DefaultAzureCredential
from rich.console import Console
from rich.text import Text

from shared.blobs import AzureBlobs
from shared.bus.entities import AT_ONCE, faults, open_namespace
from shared.cluster import Cluster, Clusters
from shared.cluster.secrets import open_secrets
from shared.errors import StepError
from shared.estate import Environment, Estate, Secrets
from shared.estate.references import Reference
from shared.ledger.migrate import LedgerTooNew, unapplied
from shared.odoo.login import log_in
from shared.postgres.entra import EntraSignIn
from shared.traffic import Traffic
from signalbox.errors import Unusable
from signalbox.generate import topology
from signalbox.options import AsJson
from signalbox.permissions import kind_of, needed, require
from signalbox.session import Session

app = typer.Typer()

FAULTS = (StepError, Unusable, LedgerTooNew, AzureError, psycopg.Error, OSError, ValueError)
"""What a probe may raise; each says what is wrong without repeating a secret."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    part: str
    what: str
    fault: str | None = None
    remedy: str | None = None

    @property
    def is_well(self) -> bool:
        return self.fault is None


@app.command()
def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Look at everything that a run will need, and say how to mend each fault.

    Reads only. Exit status 1 when something is wrong.

    Example: signalbox --settings local.settings.json doctor
    """
    found = []
    for finding in examine(context.obj):
        found.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
    if not all(each.is_well for each in found):
        raise typer.Exit(1)


def _show(finding: Finding) -> None:
    console = Console()
    mark, style = ("✓", "green") if finding.is_well else ("✗", "red")
    line = Text.assemble((mark, style), f" {finding.part:<9} {finding.what}")
    console.print(line, soft_wrap=True)
    if not finding.is_well:
        console.print(f"            {finding.fault}", markup=False, soft_wrap=True)
        console.print(f"            {finding.remedy}", style="bold", markup=False, soft_wrap=True)


def examine(open_session: Callable[[], Session]) -> Iterator[Finding]:
    """Every finding, in the order in which faults depend on each other."""
    try:
        session = open_session()
        estate = session.estate
    except FAULTS as error:
        yield Finding("settings", "settings and estate", str(error), "Mend these first.")
        return
    yield Finding("settings", "settings and estate")
    yield from _identity(session)
    secrets = open_secrets(os.environ, session.settings)
    yield from _secrets(estate, secrets)
    yield _ledger(session)
    yield from _bus(session)
    yield from _storage(session, estate)
    yield from _servers(estate, secrets)
    yield from leading_users(estate, Traffic.connect(estate.traffic))
    yield from trying_logins(estate, secrets)
    clusters = Clusters(estate, session.settings.kubernetes_url, session.settings.kubernetes_ca)
    for each in estate.clusters:
        remedy = f"Start it, or correct url of cluster {each.name} in the estate file."
        greeting = _probe("cluster", each.name, remedy, clusters.named(each.name).greet)
        yield greeting
        if greeting.is_well:
            yield from _in_cluster(each.name, clusters.named(each.name), estate)


def _probe(part: str, what: str, remedy: str, look: Callable[[], object]) -> Finding:
    try:
        look()
    except FAULTS as error:
        return Finding(part, what, " ".join(f"{type(error).__name__}: {error}".split()), remedy)
    return Finding(part, what)


def _identity(session: Session) -> Iterator[Finding]:
    scopes = []
    if "Endpoint=" not in session.settings.bus:
        scopes.append("https://servicebus.azure.net/.default")
    if session.settings.blobs.get_secret_value().startswith("https://"):
        scopes.append("https://storage.azure.com/.default")
    remedy = "Sign in with `az login`, or give the function app a managed identity."
    for scope in scopes:
        look = partial(DefaultAzureCredential().get_token, scope)
        yield _probe("identity", scope, remedy, look)


def _secrets(estate: Estate, secrets: Secrets) -> Iterator[Finding]:
    remedy = "Store it there, or correct the reference in the estate file."
    for reference in sorted(set(_references(estate)), key=str):
        yield _probe("secrets", str(reference), remedy, partial(secrets.resolve, reference))


def _references(value: object) -> Iterator[Reference]:
    """Every reference to a secret, wherever in the estate it stands."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _references(each)
    elif hasattr(value, "__pydantic_fields__"):
        for name in type(value).model_fields:  # type: ignore[attr-defined]
            yield from _references(getattr(value, name))


def _ledger(session: Session) -> Finding:
    def look() -> None:
        url = _signed_in(session.settings.ledger_url.get_secret_value())
        with psycopg.connect(url, connect_timeout=10) as connection:
            if lacking := unapplied(connection):
                raise Unusable(f"migrations {lacking} are not applied")

    remedy = "Check SIGNALBOX_LEDGER_URL and the firewall; the first use migrates."
    return _probe("ledger", "reachable, and of this version", remedy, look)


def _bus(session: Session) -> Iterator[Finding]:
    [namespace] = topology()["UserConfig"]["Namespaces"]
    wanted = [(t["Name"], s["Name"]) for t in namespace["Topics"] for s in t["Subscriptions"]]

    def look() -> None:
        with open_namespace(session.settings.bus) as bus:
            if found := faults(bus, wanted):
                raise Unusable("; ".join(found))

    what = f"{len(namespace['Topics'])} topics, {len(wanted)} subscriptions"
    yield _probe(
        "bus", what, "Let us reach it, and create what is missing from infra/topology.json.", look
    )


def _storage(session: Session, estate: Estate) -> Iterator[Finding]:
    blobs = AzureBlobs.connect(session.settings.blobs.get_secret_value())
    folders = (f for e in estate.environments for f in (e.backups, e.filestore) if f)
    places = [f"{folder.container}/{folder.prefix}" for folder in folders]
    remedy = "Create the container, and give the identity Storage Blob Data Contributor."

    def look(place: str) -> Finding:
        return _probe("storage", place, remedy, lambda: next(iter(blobs.list(place)), None))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(look, (*places, f"{session.settings.evidence_container}/"))


def _signed_in(url: str) -> str:
    return EntraSignIn(DefaultAzureCredential()).complete(url)


def _servers(estate: Estate, secrets: Secrets) -> Iterator[Finding]:
    for server in estate.servers:

        def look(reference: Reference = server.url) -> None:
            psycopg.connect(_signed_in(secrets.resolve(reference)), connect_timeout=10).close()

        remedy = f"Start it, open its firewall, or correct the secret {server.url}."
        yield _probe("server", server.name, remedy, look)


def leading_users(estate: Estate, traffic: Traffic) -> Iterator[Finding]:
    """Whether what leads users is as the estate says; whether we may write it shows only then."""
    remedy = "Correct the rule under traffic, or give the identity the role that it needs."
    for rule in estate.traffic:
        look = partial(traffic.redirects, rule, "production")
        yield _probe("traffic", f"{', '.join(rule.hosts)}: {rule.kind}", remedy, look)


def trying_logins(estate: Estate, secrets: Secrets) -> Iterator[Finding]:
    """Whether the users can log in whom failovers, refreshes and releases will try.

    Not on a standby, where Odoo rests.
    """
    remedy = "Correct try_login in the estate file, or make that user."
    for environment in estate.environments:
        if environment.try_login and environment.standby_of is None:
            look = partial(log_in, environment, secrets)
            yield _probe("login", f"{environment.try_login.user}@{environment.name}", remedy, look)


def _in_cluster(name: str, cluster: Cluster, estate: Estate) -> Iterator[Finding]:
    for environment in estate.environments:
        if environment.cluster == name:
            yield from _cluster(cluster, environment)
    yield from _permissions(name, cluster, estate)


def _cluster(cluster: Cluster, environment: Environment) -> Iterator[Finding]:
    place = environment.namespace
    role = f"infra/kubernetes/{kind_of(environment)}"
    remedy = f"kubectl apply --namespace {place} -f {role}, and create it."
    config, secret, route = environment.config_map, environment.database_secret, environment.route
    looks: dict[str, Callable[[], object]] = {
        f"ConfigMap {config}": partial(cluster.read_config, place, config),
        f"Secret {secret}": partial(cluster.read_secret, place, secret),
        f"IngressRoute {route}": partial(cluster.route_rules, place, route),
    }
    for workload in environment.workloads:
        looks[f"{workload.kind} {workload.name}"] = partial(cluster.is_ready, place, workload)
    for what, look in looks.items():
        yield _probe("cluster", f"{place}: {what}", remedy, look)


def _permissions(name: str, cluster: Cluster, estate: Estate) -> Iterator[Finding]:
    for place, kind, permissions in needed(name, estate):
        where = f" --namespace {place}" if place else ""
        remedy = (
            f"kubectl apply{where} -f infra/kubernetes/{kind}/role.yaml, with the "
            "estate's names as resourceNames and this identity as a subject of the RoleBinding."
        )
        what = f"{place or 'everywhere'}: {len(permissions)} permissions of the Role for {kind}"
        yield _probe("cluster", what, remedy, partial(require, cluster, place, permissions))
