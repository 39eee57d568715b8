"""Each check of a new primary, failing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from functions.failover.checks import NewPrimary
from functions.failover.redirect_traffic import NotReadBack, redirect_traffic
from shared.blobs import Blob, Blobs
from shared.cluster import Cluster, Clusters
from shared.errors import TemporaryError
from shared.estate import Reference
from shared.estate.tried_login import TriedLogin
from shared.messages.failover import StandbyPromoted, TrafficRedirected
from shared.postgres.fencing import admit
from shared.runs import Again, Run
from tests.integration.failover.azure import RECORD, AzureNetwork
from tests.integration.failover.pair import PRODUCTION, STANDBY, World, wait_until
from tests.memoryblobs import MemoryBlobs
from tests.odooserver import OdooServer

PATH = "ab/" + "ab" * 20


@pytest.fixture
def new(calm: World) -> Iterator[NewPrimary]:
    """Production, as if it had just been promoted."""
    dsn = calm.primary.dsn("acme_prod")
    admit(dsn, "acme_prod", side=PRODUCTION, epoch=1000, run_id="r")
    with psycopg.connect(dsn) as connection:
        yield NewPrimary(
            side=calm.resources.estate.environment(PRODUCTION),
            epoch=1000,
            connection=connection,
            odoos_dsn=calm.primary.dsn("acme_prod", user="odoo"),
            blobs=calm.resources.blobs,
            secrets=calm.resources.secrets,
            promoted_at=datetime.now(UTC),
            complete_until=datetime.now(UTC) - timedelta(minutes=1),
        )
        connection.rollback()


def failed(new: NewPrimary) -> dict[str, str]:
    return {each.check: each.detail for each in new.findings() if not each.passed}


def test_a_sound_primary_passes_and_names_its_last_orders(new: NewPrimary) -> None:
    assert failed(new) == {}
    assert len(new.last_orders()) == 1


@pytest.mark.parametrize(
    ("harm", "check"),
    [
        ("select setval('sale_order_id_seq', 1)", "sequences-ahead"),
        (
            "insert into mail_mail (state, create_date)"
            " values ('outgoing', now() at time zone 'utc')",
            "mail-not-sent-twice",
        ),
        (
            f"insert into ir_attachment (store_fname, create_date) values ('{PATH}', now())",
            "attachments-of-the-last-hour",
        ),
        ("insert into ir_module_module values ('account', 'installed')", "posted-entries-balance"),
        ("insert into ir_module_module values ('stock', 'installed')", "stock-matches-moves"),
    ],
)
def test_what_is_wrong_in_the_data_is_found(new: NewPrimary, harm: str, check: str) -> None:
    position = new.connection.execute("select last_value from sale_order_id_seq").fetchone()
    new.connection.execute(harm.encode())

    found = failed(new)

    new.connection.rollback()
    new.connection.execute("select setval('sale_order_id_seq', %s)", position)
    new.connection.commit()
    assert list(found) == [check]
    assert found[check]


def test_a_file_that_has_arrived_is_no_finding(new: NewPrimary, calm: World) -> None:
    new.connection.execute(
        "insert into ir_attachment (store_fname, create_date) values (%s, now())", [PATH]
    )
    blobs: Blobs = calm.resources.blobs
    blobs.upload(f"filestore/acme-prod/{PATH}", b"")

    assert failed(new) == {}


class Lost(MemoryBlobs):
    """Storage that went with its region."""

    def list(self, prefix: str) -> Iterator[Blob]:
        raise TemporaryError(f"Storage could not serve {prefix}.")


def test_what_cannot_be_asked_is_found_and_stops_nothing(new: NewPrimary) -> None:
    new.connection.execute(
        "insert into ir_attachment (store_fname, create_date) values (%s, now())", [PATH]
    )

    found = failed(replace(new, blobs=Lost()))

    assert list(found) == ["attachments-of-the-last-hour"]
    assert "Storage could not serve" in found["attachments-of-the-last-hour"]


def test_a_user_who_cannot_log_in_is_found(new: NewPrimary) -> None:
    with OdooServer(new.odoos_dsn) as odoo:
        login = TriedLogin(
            user="check", password=Reference("env", "ERP_PROD_REJOIN_URL"), url=odoo.url
        )
        trying = replace(new, side=new.side.model_copy(update={"try_login": login}))
        odoo.refuse = [(200, {"result": 7}), (200, {"result": [{"id": 7, "login": "check"}]})]
        right = failed(trying)
        odoo.refuse = [(200, {"result": False})]
        wrong = failed(trying)

    assert right == {}
    assert wrong["users-can-log-in"].startswith(f"{odoo.url} does not let check into")


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda n: replace(n, epoch=999), "marked-as-active"),
        (lambda n: replace(n, odoos_dsn=n.odoos_dsn + " password=wrong"), "odoo-can-write"),
    ],
)
def test_another_side_or_a_wrong_login_is_found(
    new: NewPrimary, change: Callable[[NewPrimary], NewPrimary], check: str
) -> None:
    assert list(failed(change(new))) == [check]


# -- the redirection -------------------------------------------------------------------------


def promoted(world: World) -> StandbyPromoted:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    moments = ("degraded", "suspected", "assessed", "approved", "fenced", "promoted")
    return StandbyPromoted.model_validate(
        {
            **{f"{moment}_at": noon for moment in moments},
            "active": PRODUCTION,
            "standby": STANDBY,
            "verdict": "confirmed",
            "testimonies": (),
            "primary_reachable": False,
            "loss": None,
            "approved_by": ("policy",),
            "fence": "ordered",
            "fence_proof": (),
            "timeline": 2,
            "previous_timeline": 1,
            "promotion_lsn": 1,
        }
    )


def redirect(
    world: World, clusters: Clusters, *, done: Mapping[str, object] | None = None, **facts: object
) -> object:
    """The step, at an epoch above all others."""
    checkpoint = {"done": done} if done else {}
    return redirect_traffic(
        promoted(world).model_copy(update=facts),
        run=Run(UUID(int=9), PRODUCTION, 2000, "redirect_traffic", 1, checkpoint, lambda: True),
        estate=world.resources.estate,
        secrets=world.resources.secrets,
        clusters=clusters,
        databases=world.resources.databases,
        traffic=world.resources.traffic,
    )


def rest_again(world: World) -> None:
    """The standby's workloads, as before the step."""
    standby = world.resources.estate.environment(STANDBY)
    cluster = world.resources.clusters.of(standby)
    cluster.stop_workloads(standby.namespace, standby.workloads, epoch=2000)


class Stubborn(Cluster):
    """Says that it has written a route, and has not: somebody else has written it back."""

    def write_route_rules(
        self,
        namespace: str,  # noqa: ARG002
        name: str,  # noqa: ARG002
        rules: Sequence[str],
        *,
        epoch: int,  # noqa: ARG002
    ) -> int:
        return len(rules)


class StubbornOnes(Clusters):
    """Every cluster is like that."""

    def __init__(self, world: World) -> None:
        super().__init__(world.resources.estate)
        self._api = world.apis[STANDBY]

    def named(self, name: str) -> Cluster:  # noqa: ARG002
        return Stubborn(self._api)


def test_what_is_not_there_after_it_was_written_stops_the_run(calm: World) -> None:
    with pytest.raises(NotReadBack, match=r"IngressRoute acme-standby/odoo has match 1 = "):
        redirect(calm, StubbornOnes(calm))

    assert calm.pods()[STANDBY] == {"odoo": 0, "odoo-cron": 0, "scanners": 0, "edi": 0, "mailer": 0}


def test_scheduled_actions_never_run_on_both_sides(calm: World) -> None:
    waiting = redirect(calm, calm.resources.clusters)
    pods = calm.pods()[STANDBY]
    rest_again(calm)

    said = "scheduled actions wait: odoo-cron of acme-prod still has pods"
    assert isinstance(waiting, Again)  # and no attempt is lost: pods may take long to end
    assert waiting.checkpoint["progress"] == {"reason": said}
    assert pods == {"odoo": 2, "odoo-cron": 0, "scanners": 0, "edi": 0, "mailer": 0}


def test_the_rest_waits_for_azure_for_a_while_and_then_goes_on_without(
    calm: World, azure: AzureNetwork
) -> None:
    azure.refuse_with[f"PUT {RECORD}"] = 503
    began = {"changes": [], "skipped": [], "sessions_ended": None}
    nothing = calm.resources.traffic
    calm.lead_by(azure.traffic("address"))
    clusters = calm.resources.clusters

    soon = redirect(calm, clusters, done=began, withdrawn=False, promoted_at=datetime.now(UTC))
    late = partial(redirect, calm, clusters, done=began, withdrawn=False)
    wait_until(lambda: isinstance(late(), TrafficRedirected), "the standby's pods")
    redirected = late()
    calm.lead_by(nothing)
    rest_again(calm)

    assert isinstance(soon, Again)
    said = "erp.acme.example: Azure's management plane gave no answer that counts: 503"
    assert soon.checkpoint["progress"] == {"reason": said}
    assert isinstance(redirected, TrafficRedirected)
    assert redirected.not_led == (said,)
