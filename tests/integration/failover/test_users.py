"""How users are led to the other region, by each thing that Azure offers for that."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from functions.failover.users import by_hand, lead_users, plan_users
from shared.errors import StaleEpoch
from shared.estate import Estate
from shared.estate.traffic import TrafficRule
from shared.ledger import Pair
from signalbox.doctor import leading_users
from tests.integration.failover.azure import ALIAS, ORIGINS, PROFILE, RECORD, RULES, AzureNetwork

EVERYWHERE = tuple(RULES)


@pytest.fixture
def there(estate: Estate) -> Pair:
    production, standby = estate.environment("acme-prod"), estate.environment("acme-standby")
    return Pair(production, production, standby)


@pytest.fixture
def back(there: Pair) -> Pair:
    return Pair(there.production, there.standby, there.production)


def test_users_are_led_there_and_back_and_the_plan_said_so(
    azure: AzureNetwork, there: Pair, back: Pair
) -> None:
    traffic = azure.traffic(*EVERYWHERE)

    plan, unknown = plan_users(traffic, there)
    untouched = list(azure.written)
    led = lead_users(traffic, there, epoch=7)
    places = (azure.endpoints, azure.origins)
    again = lead_users(traffic, there, epoch=7)
    home = lead_users(traffic, back, epoch=8)

    assert (unknown, untouched) == ((), [])
    assert led.changes == [*plan]
    assert [(c.place, c.before, c.after) for c in plan] == [
        ("DNS erp.acme.example", "192.0.2.1", "192.0.2.2"),
        ("DNS shop.acme.example", "west.example", "north.example"),
        ("Traffic Manager erp/west", "Enabled", "Disabled"),
        ("Traffic Manager erp/north", "Disabled", "Enabled"),
        ("Front Door acme/erp/north", "Disabled", "Enabled"),
        ("Front Door acme/erp/west", "Enabled", "Disabled"),
    ]
    assert plan[0].setting == "A, remembered by resolvers for 60 s"
    assert places == ({"west": "Disabled", "north": "Enabled"},) * 2
    assert (again.changes, led.waiting, led.refused) == ([], [], [])
    assert len(home.changes) == 6
    assert azure.endpoints == azure.origins == {"west": "Enabled", "north": "Disabled"}
    assert azure.documents[PROFILE]["tags"] == {"team": "erp", "signalbox-epoch": "8"}
    assert azure.documents[RECORD]["properties"]["metadata"] == {"signalbox-epoch": "8"}
    assert azure.documents[ALIAS]["properties"]["CNAMERecord"] == {"cname": "west.example"}


def test_front_door_disables_the_old_origin_only_after_the_new_one_is_rolled_out(
    azure: AzureNetwork, there: Pair
) -> None:
    azure.slow = True
    traffic = azure.traffic("origins")

    first = lead_users(traffic, there, epoch=7)
    both = azure.origins
    second = lead_users(traffic, there, epoch=7)
    third = lead_users(traffic, there, epoch=7)

    assert first.waiting == ["Front Door acme/erp/north is not rolled out: Updating"]
    assert both == {"west": "Enabled", "north": "Enabled"}
    assert second.waiting == ["Front Door acme/erp/west is not rolled out: Updating"]
    assert azure.origins == {"west": "Disabled", "north": "Enabled"}
    assert (third.waiting, third.changes) == ([], [])


def test_the_doctor_reads_what_leads_users_and_writes_nothing(
    azure: AzureNetwork, estate: Estate
) -> None:
    rules = azure.traffic("address", "alias").rules(["erp.acme.example", "shop.acme.example"])
    azure.refuse_with[f"GET {ALIAS}"] = 403

    well, ill = leading_users(
        estate.model_copy(update={"traffic": rules}), azure.traffic("address", "alias")
    )

    assert (well.what, well.fault) == ("erp.acme.example: azure-dns", None)
    assert ill.fault is not None
    assert ill.fault.startswith("AzureRefuses: Azure refuses: HTTP 403")
    assert azure.written == []


@pytest.mark.parametrize("rule", ["address", "profile"])
def test_a_newer_run_is_not_overruled(
    azure: AzureNetwork, there: Pair, back: Pair, rule: str
) -> None:
    traffic = azure.traffic(rule)
    lead_users(traffic, there, epoch=9)

    with pytest.raises(StaleEpoch, match="belongs to epoch 9; this run has 8"):
        lead_users(traffic, back, epoch=8)

    assert len(azure.written) == 1


@pytest.mark.parametrize(
    ("rule", "verb", "path", "status", "waiting", "refused"),
    [
        ("address", "PUT", RECORD, 412, "erp.acme.example: Azure changes this resource", ""),
        ("address", "PUT", RECORD, 503, "erp.acme.example: Azure's management plane gave no", ""),
        ("address", "GET", RECORD, 403, "", "erp.acme.example not led to acme-standby: Azure refu"),
        ("origins", "PATCH", f"{ORIGINS}/west", 409, "erp.acme.example: Azure changes this", ""),
    ],
)
def test_what_azure_does_not_do_is_tried_again_or_said(
    azure: AzureNetwork,
    there: Pair,
    rule: str,
    verb: str,
    path: str,
    status: int,
    waiting: str,
    refused: str,
) -> None:
    azure.refuse_with[f"{verb} {path}"] = status

    led = lead_users(azure.traffic(rule, "alias"), there, epoch=7)

    assert [each.startswith(waiting) for each in led.waiting] == [True] * bool(waiting)
    assert [each.startswith(refused) for each in led.refused] == [True] * bool(refused)
    assert led.changes[-1].place == "DNS shop.acme.example"


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_plan_names_what_could_not_be_read_and_waits_for_nothing(
    azure: AzureNetwork, there: Pair, status: int
) -> None:
    azure.refuse_with[f"GET {RECORD}"] = status

    changes, unknown = plan_users(azure.traffic("address", "profile"), there)

    assert len(changes) == 2
    assert unknown[0].startswith("where erp.acme.example lead could not be found out: Azure")
    assert azure.asked == 2


def test_whoever_writes_it_back_is_noticed(azure: AzureNetwork, there: Pair) -> None:
    azure.stubborn = True

    led = lead_users(azure.traffic("address"), there, epoch=7)

    assert "= 192.0.2.1 although 192.0.2.2 was written: find out who else" in led.waiting[0]


def test_what_azure_has_otherwise_than_the_estate_says_is_for_people(
    azure: AzureNetwork, there: Pair
) -> None:
    azure.documents[RECORD]["properties"]["targetResource"] = {"id": "/frontdoor"}
    azure.documents[PROFILE]["properties"]["endpoints"].pop()

    led = lead_users(azure.traffic("address", "profile"), there, epoch=7)

    assert "is an alias of /frontdoor" in led.refused[0]
    assert "has no endpoint north" in led.refused[1]
    assert azure.written == []


def test_host_names_without_a_rule_are_for_people(azure: AzureNetwork, there: Pair) -> None:
    assert [*by_hand(azure.traffic("address"), there)] == [
        "DNS and Front Door: point shop.acme.example at the ingress of aks-northeurope"
    ]
    assert [*by_hand(azure.traffic("address", "alias"), there)] == []


@pytest.mark.parametrize(
    ("rule", "change", "why"),
    [
        ("address", {"standby": "192.0.2.1"}, "the same"),
        ("address", {"standby": "north.example"}, "both be addresses"),
        ("address", {"hosts": ["erp.other.example"]}, "is not in zone acme.example"),
    ],
)
def test_a_rule_that_leads_nowhere_is_refused(rule: str, change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TypeAdapter[Any](TrafficRule).validate_python(RULES[rule] | change)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (["address", "address"], "erp.acme.example is there twice"),
        ([RULES["address"] | {"hosts": ["staging.acme.example"]}], "is no endpoint of an environ"),
    ],
)
def test_a_rule_for_what_does_not_fail_over_is_refused(
    estate: Estate, rules: list[Any], why: str
) -> None:
    stated = [RULES[rule] if isinstance(rule, str) else rule for rule in rules]

    with pytest.raises(ValidationError, match=why):
        Estate.model_validate(estate.model_dump(by_alias=True) | {"traffic": stated})
