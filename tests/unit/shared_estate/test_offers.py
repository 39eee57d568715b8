"""What an offer makes of a name, and which offers cannot be kept."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from pydantic import ValidationError

from functions.environments import OfTheEstate, expired, manifests, requested
from shared.estate import Estate, UnknownOffer
from shared.messages.environments import EnvironmentExpired, EnvironmentRequested
from signalbox.errors import Unusable
from signalbox.options import length_of

FILE = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"


def estate_with(**changed: Any) -> Estate:
    content = yaml.safe_load(FILE.read_text("utf-8"))
    content["offers"][0] |= changed
    return Estate.model_validate(content)


def test_an_offer_says_where_everything_of_an_environment_is() -> None:
    estate = estate_with()
    offer = estate.offer("qa-small")

    place = offer.environment("ana-fix", estate.environment(offer.source))

    assert (place.namespace, place.endpoints[0].host) == ("qa-ana-fix", "ana-fix.qa.acme.example")
    assert (place.database.server, place.database.name) == ("erp-nonprod", "qa_ana_fix")
    assert place.database.owner == "qa_ana_fix", "a role of its own"
    assert place.filestore.prefix == "on-request/ana-fix/"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"from": "nobody"}, "there is no environment nobody to clone"),
        ({"from": "acme-prod"}, "only refreshes make certified copies"),
        ({"cluster": "nowhere"}, "there is no cluster nowhere"),
        ({"namespace": "q" * 40 + "-{name}"}, "namespace is unusable"),
        ({"database": "1{name}"}, "database.name is unusable|name is unusable"),
        ({"host": "no-name"}, "String should match pattern"),
        ({"filestore": {"container": "filestore", "prefix": ""}}, "lie in one another"),
        ({"longest": "31 days"}, "longest_in_all"),
        ({"awake": "office"}, "offer qa-small: there is no calendar office"),
        ({"class": "production"}, "Input should be"),
    ],
)
def test_an_offer_that_cannot_be_kept_is_refused_when_the_estate_is_read(
    changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        estate_with(**changed)


def test_nobody_asks_for_or_removes_an_environment_of_the_estate() -> None:
    estate = estate_with()

    with pytest.raises(OfTheEstate):
        expired(EnvironmentExpired(environment="acme-prod"), estate)
    with pytest.raises(OfTheEstate):
        requested(
            EnvironmentRequested(environment="acme-staging", offer="qa-small", hours=1), estate
        )
    with pytest.raises(UnknownOffer):
        requested(EnvironmentRequested(environment="mine", offer="qa-large", hours=1), estate)


@pytest.mark.parametrize("name", ["Ana", "1st", "a b", "a" * 31, "a-", "a;drop", ""])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        EnvironmentRequested(environment=name, offer="qa-small", hours=1)


def test_a_length_of_time_is_read_as_people_write_it() -> None:
    read = [length_of(text) for text in ("90m", "2w", "2 days")]

    assert read == [timedelta(minutes=90), timedelta(days=14), timedelta(days=2)]
    for text in ("soon", "3 months", "3"):
        with pytest.raises(Unusable, match="write 90 minutes"):
            length_of(text)


def test_pods_of_an_offer_are_those_that_hardened_namespaces_admit() -> None:
    estate = estate_with(egress=[{"cidr": "10.40.0.0/24", "ports": [5432]}])
    [offer] = estate.offers
    place = offer.environment("ana-fix", estate.environment(offer.source))

    made = {each["kind"]: each for each in manifests.workloads(place, offer, {}, {})}
    limits = {each["kind"]: each["spec"] for each in manifests.limits(offer)}
    policy = limits["NetworkPolicy"]

    pod = client.V1Deployment.model_validate(made["Deployment"]).spec.template.spec
    assert pod.automount_service_account_token is False
    assert pod.security_context.run_as_user == 101
    assert pod.containers[0].security_context.run_as_non_root
    assert made["Deployment"]["spec"]["replicas"] == 0, "nothing runs before it is verified"
    blocks = [
        to["ipBlock"]["cidr"] for rule in policy["egress"] for to in rule["to"] if "ipBlock" in to
    ]
    assert blocks == ["10.40.0.0/24"], "production is on no list"
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert policy["podSelector"] == {}, "it holds for every pod"
    quota = limits["ResourceQuota"]["hard"]
    assert {quota[each] for each in ("limits.cpu", "limits.memory", "pods")} == {"2", "4Gi", "10"}
