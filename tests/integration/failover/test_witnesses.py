"""Each witness, asked about a pair that works and about one that does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg

from functions.failover.witnesses import Witnesses
from shared.cluster import Cluster, ClusterRefused, Clusters
from shared.cluster.api import Api
from shared.errors import TemporaryError
from shared.estate import Reference
from shared.messages.failover import RegionDegraded
from shared.postgres.databases import Databases
from tests.integration.failover.pair import PRODUCTION, World

NOWHERE = "http://127.0.0.1:1"


def ask(
    world: World,
    clusters: Clusters | None = None,
    *,
    databases: Databases | None = None,
    **facts: object,
) -> dict[str, str]:
    """What every witness says."""
    found = world.resources
    pair = found.placements.pair(PRODUCTION, found.estate)
    event = RegionDegraded.model_validate({"environment": PRODUCTION, **facts})
    witnesses = Witnesses(pair, databases or found.databases, clusters or found.clusters, event)
    return {each.witness: each.says for each in witnesses.ask()}


@contextmanager
def page(status: int) -> Iterator[str]:
    """A health page that answers so; with 0 it is something else than HTTP that listens there."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not status:
                self.wfile.write(b"220 mail.acme.example ESMTP\r\n")
                return
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/web/health"
    server.shutdown()
    server.server_close()


def test_a_pair_that_works_has_nobody_against_it(calm: World) -> None:
    calm.policy(health_url=None)

    assert ask(calm) == {
        "database": "healthy",
        "stream": "healthy",
        "application": "unknown",
        "kubernetes": "healthy",
        "azure": "unknown",
    }
    assert ask(calm, azure_says="down")["azure"] == "down"


def test_the_application_is_healthy_only_while_its_page_says_so(calm: World) -> None:
    with (
        page(200) as works,
        page(503) as broken,
        page(0) as mail,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        said = []
        silent = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        for url in (works, broken, mail, silent, "http://127.0.0.1:1/"):
            calm.policy(health_url=url)
            said.append(ask(calm)["application"])

    assert said == ["healthy", *["down"] * 4]


def test_pods_that_are_gone_and_an_api_that_is_gone_are_both_down(calm: World) -> None:
    calm.policy(health_url=None)
    cron = calm.resources.estate.environment(PRODUCTION).workloads[1]
    cluster = calm.resources.clusters.of(calm.resources.estate.environment(PRODUCTION))
    cluster.stop_workload(PRODUCTION, cron, epoch=1)

    places = (each.model_copy(update={"url": NOWHERE}) for each in calm.resources.estate.clusters)
    lost = calm.resources.estate.model_copy(update={"clusters": tuple(places)})

    without_pods = ask(calm)["kubernetes"]
    cluster.start_workload(PRODUCTION, cron, epoch=1)

    assert without_pods == "down"
    assert ask(calm, Clusters(lost))["kubernetes"] == "down"


class Refusing(Cluster):
    """Answers, and lets us do nothing."""

    def greet(self) -> None:
        raise ClusterRefused("check the identity's role in the namespace")


class RefusingOnes(Clusters):
    def named(self, name: str) -> Cluster:  # noqa: ARG002
        return Refusing(Api(NOWHERE))


def unresolved(reference: Reference) -> str:
    raise TemporaryError(f"{reference} cannot be looked up now")


def test_who_could_not_be_asked_says_nothing(calm: World) -> None:
    calm.policy(health_url=None)
    estate = calm.resources.estate

    said = ask(calm, RefusingOnes(estate), databases=Databases(estate, unresolved))

    assert set(said.values()) == {"unknown"}


def test_a_database_that_takes_no_writes_is_no_healthy_one(calm: World) -> None:
    calm.policy(health_url=None)
    calm.say(calm.primary, "alter role postgres set default_transaction_read_only = on")

    read_only = ask(calm)["database"]
    with psycopg.connect(calm.primary.dsn(), autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute("alter role postgres reset default_transaction_read_only")

    assert read_only == "unknown"
    assert ask(calm)["database"] == "healthy"
