"""How addresses of production become the environment's own."""

from pathlib import Path
from uuid import UUID

import pytest

from functions.refresh.clones import replacements
from functions.refresh.remap_endpoints import own_rule
from functions.refresh.targets import Target, target_of
from shared.estate import Estate, load_estate
from shared.postgres.urls import SecretUnusable, odoos_url, own_url
from shared.runs import Run

OWN = "postgresql://admin:other@db.staging/acme_staging"


@pytest.fixture
def estate() -> Estate:
    return load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")


@pytest.fixture
def target(estate: Estate) -> Target:
    return target_of(Run(UUID(int=1), "acme-staging", 1, "s", 1, {}, lambda: True), estate)


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (
            "postgresql://odoo:p%2Fw@prod:5433/acme_prod",
            "postgresql://odoo:p%2Fw@db.staging:5432/acme_staging",
        ),
        (
            "postgresql://admin:pw@prod/acme_prod?sslmode=require",
            "postgresql://odoo:pw@db.staging:5432/acme_staging?sslmode=require",
        ),
        (
            "host=prod dbname=x password=pw",
            "postgresql://odoo:pw@db.staging:5432/acme_staging",
        ),
        (
            "postgresql://odoo:pw@db.staging:5432/acme_staging",
            "postgresql://odoo:pw@db.staging:5432/acme_staging",
        ),
        (
            "postgresql://acme_staging_login_b:pw@10.0.0.1/acme_prod",
            "postgresql://acme_staging_login_b:pw@db.staging:5432/acme_staging",
        ),
        (
            "host=db.staging port=5432 dbname=acme_staging user=odoo password=pw",
            "host=db.staging port=5432 dbname=acme_staging user=odoo password=pw",
        ),
    ],
)
def test_odoo_connects_where_the_estate_says(target: Target, given: str, becomes: str) -> None:
    assert own_url(given, OWN, target.environment.database) == becomes


@pytest.mark.parametrize("secret", [{}, {"url": "postgresql://odoo:canary-secret@[broken/x"}])
def test_an_unusable_secret_is_named_and_not_quoted(target: Target, secret: dict[str, str]) -> None:
    with pytest.raises(SecretUnusable, match="acme-staging/odoo-database") as refusal:
        odoos_url(secret, target.environment)

    assert "canary-secret" not in repr(refusal.value)


@pytest.mark.parametrize(
    ("rule", "becomes"),
    [
        ("Host(`erp.acme.example`)", "Host(`staging.acme.example`)"),
        ("Host(`staging.acme.example`)", "Host(`staging.acme.example`)"),
        (
            "Host(`erp.acme.example`) && PathPrefix(`/websocket`)",
            "Host(`staging.acme.example`) && PathPrefix(`/websocket`)",
        ),
        ("PathPrefix(`/`)", "PathPrefix(`/`)"),
    ],
)
def test_a_route_leads_to_the_environments_own_host(
    target: Target, rule: str, becomes: str
) -> None:
    assert own_rule(rule, target.environment) == becomes


def test_every_host_of_production_has_a_replacement(estate: Estate) -> None:
    source, target = estate.environment("acme-prod"), estate.environment("acme-staging")

    assert replacements(estate, source, target) == {
        "erp.acme.example": "staging.acme.example",
        "shop.acme.example": "staging.acme.example",
        "erp-standby.acme.example": "staging.acme.example",
    }
