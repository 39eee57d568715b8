"""Which way of promoting and rejoining belongs to which server."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.cluster import Clusters
from shared.cluster.cloudnativepg import CloudNativePg
from shared.estate import Estate, Reference
from shared.postgres.flexible_server import FlexibleServer
from shared.postgres.promotion import PlainPostgres
from shared.postgres.rejoin import RejoinFailed, RejoinHook
from shared.takeover import LeftToItsOperator, NoPair, Takeover

ESTATE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
PLAIN: dict[str, Any] = {"kind": "plain"}
OPERATOR = {"kind": "cloudnativepg", "cluster": "aks-westeurope", "namespace": "pg"}
AZURE = {
    "kind": "flexible-server",
    "subscription": "00000000-0000-4000-8000-000000000000",
    "resource_group": "erp",
}


def resolve(reference: Reference) -> str:
    return f"postgresql://admin@{reference.place.lower()}/postgres"


def takeover(prod: dict[str, Any], standby: dict[str, Any]) -> Takeover:
    described = yaml.safe_load(ESTATE.read_text())
    for server, run_by in zip(described["servers"][:2], (prod, standby), strict=True):
        named = {} if run_by["kind"] == "plain" else {"resource": server["name"]}
        server["run_by"] = run_by | named
    estate = Estate.model_validate(described)
    return Takeover(estate, resolve, Clusters(estate), lambda _: None)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("run_by", "promoter"),
    [(PLAIN, PlainPostgres), (OPERATOR, CloudNativePg), (AZURE, FlexibleServer)],
)
@pytest.mark.parametrize("standby", ["erp-standby", "erp-prod"])
def test_either_side_of_a_pair_is_promoted_by_who_runs_it(
    run_by: dict[str, Any], promoter: type, standby: str
) -> None:
    assert isinstance(takeover(run_by, run_by).promoter(standby), promoter)


def test_a_pair_that_is_run_in_two_ways_is_refused() -> None:
    with pytest.raises(NoPair, match=r"erp-prod \(flexible-server\)"):
        takeover(AZURE, OPERATOR).promoter("erp-standby")


def test_a_server_without_a_pair_has_nobody_to_take_over_from() -> None:
    with pytest.raises(NoPair, match="pairs it with none"):
        takeover(PLAIN, PLAIN).promoter("erp-nonprod")


def test_plain_postgresql_needs_a_hook_and_operators_do_not() -> None:
    hook = PLAIN | {"rejoin": "env:ERP_PROD_REJOIN_URL"}

    assert isinstance(takeover(hook, PLAIN).rejoiner("erp-prod"), RejoinHook)
    assert isinstance(takeover(AZURE, AZURE).rejoiner("erp-prod"), LeftToItsOperator)
    with pytest.raises(RejoinFailed, match="by hand"):
        takeover(PLAIN, PLAIN).rejoiner("erp-prod")


def test_only_azures_servers_owe_anything() -> None:
    assert takeover(PLAIN, PLAIN).debts("erp-standby") == ()
