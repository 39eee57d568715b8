from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from shared.estate import EstateInvalid, UnknownEnvironment, UnknownServer, load_estate

DEMO = Path(__file__).parents[3] / "infra" / "local" / "estate.yaml"
EstateFile = Callable[..., Path]


def test_the_estate_of_the_demo_is_valid() -> None:
    estate = load_estate(DEMO)

    assert [found.name for found in estate.refreshed_from("acme-prod")] == ["acme-staging"]


def test_an_environment_is_failed_over_within_the_objectives_of_its_tier_or_its_own() -> None:
    production = load_estate(DEMO).environment("acme-prod")

    assert (production.rto, production.rpo) == (timedelta(hours=1), timedelta(minutes=15))
    stated = production.failover.model_copy(update={"rpo": timedelta(0)})
    assert production.model_copy(update={"failover": stated}).rpo == timedelta(0)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("standby_of: acme-prod", "standby_of: acme-staging", "from a standby to a production"),
        ("standby_of: acme-prod", "standby_of: acme", "there is no environment acme;"),
        ("replica_of: erp-prod", "", "server erp-standby is no replica_of erp-prod"),
        (
            "server: erp-standby, name: acme_prod",
            "server: erp-standby, name: acme",
            "its database must be called acme_prod",
        ),
        ("refresh_from: acme-prod", "standby_of: acme-prod", "acme-prod has two standbys"),
    ],
)
def test_a_pair_that_could_not_fail_over_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    wrong = tmp_path / "estate.yaml"
    wrong.write_text(DEMO.read_text().replace(old, new))

    with pytest.raises(EstateInvalid) as refusal:
        load_estate(wrong)

    assert complaint in str(refusal.value)


def test_an_unknown_environment_is_refused_with_the_known_ones(estate_file: EstateFile) -> None:
    estate = load_estate(estate_file())

    with pytest.raises(UnknownEnvironment, match=r"'acme-stagin'.*acme-prod, acme-staging"):
        estate.environment("acme-stagin")
    with pytest.raises(UnknownServer, match=r"'erp'.*erp-prod, erp-nonprod"):
        estate.server("erp")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("5 seconds", timedelta(seconds=5)),
        ("90 minutes", timedelta(minutes=90)),
        ("1 day", timedelta(days=1)),
        ("P2D", timedelta(days=2)),
    ],
)
def test_a_checkpoint_is_kept_as_long_as_the_file_says(
    estate_file: EstateFile, written: str, kept: timedelta
) -> None:
    path = estate_file(("refresh_from: acme-prod", f"checkpoint_keep: {written}"))

    assert load_estate(path).environment("acme-staging").checkpoint_keep == kept


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("tier: 3", "tier: 4", "line 20: environment acme-staging: tier: "),
        ("tier: 3", "teir: 3", "line 20: environment acme-staging: teir: Extra inputs"),
        ("name: acme_staging", "name: 'a b'", "line 24: environment acme-staging: database.name"),
        ("replicas: 2", "replicas: 0", "line 14: environment acme-prod: workloads.0.replicas"),
        ("role: nonproduction", "role: test", "line 5: server erp-nonprod: role: "),
        ("acme.example:8443", "wrong.example", "base_url leads to another host"),
        ("prefix: acme-staging/", "prefix: acme-staging", "acme-staging: filestore.prefix"),
        ("3\n", "3\n    checkpoint_keep: 0 days\n", "checkpoint_keep"),
        ("regions:", "region:", "regions: Field required"),
    ],
)
def test_a_wrong_field_is_named_with_its_line_and_entry(
    estate_file: EstateFile, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(EstateInvalid) as refusal:
        load_estate(estate_file((old, new)))

    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("name: acme-staging\n", "name: acme-prod\n", "environment acme-prod is there twice"),
        ("name: aks,", "name: eks,", "environment acme-prod: there is no cluster aks"),
        ("server: erp-nonprod", "server: erp", "there is no server erp; known are erp-prod"),
        (
            "role: nonproduction",
            "replica_of: erp-nonprod, role: nonproduction",
            "server erp-nonprod: there is no server erp-nonprod",
        ),
        (
            "aks\n    namespace: acme-staging",
            "aks\n    namespace: acme-prod",
            "share the namespace aks/acme-prod",
        ),
        ("prefix: acme-staging/", "prefix: acme-prod/copy/", "its filestore lies in that of"),
        (
            'host: staging.acme.example, base_url: "https://staging.acme.example:8443"',
            'host: erp.acme.example, base_url: "https://erp.acme.example"',
            "acme-prod, acme-staging share the host erp.acme.example",
        ),
        (
            "server: erp-nonprod",
            "server: erp-prod",
            "environment acme-staging is of class staging but server erp-prod",
        ),
        (
            "server: erp-prod",
            "server: erp-nonprod",
            "environment acme-prod is of class production but server erp-nonprod",
        ),
        (
            "replicas: 2 }]",
            "replicas: 2 }]\n    lag: { easing: { scale: [{ workload: od, replicas: 0 }] } }",
            "lag.easing: there is no Deployment or StatefulSet od; known are odoo",
        ),
        (
            "{ name: aks, region: westeurope }",
            "{ name: aks, region: westeurope, ca: LS0t }",
            "ca belongs to url: state both, or neither",
        ),
        (
            "replicas: 2 }]",
            "replicas: 2 }]\n    lag: { easing: { pause: [acme-qa] } }",
            "lag.easing: there is no environment acme-qa; known are",
        ),
        (
            "replicas: 2 }]",
            "replicas: 2 }]\n    lag: { easing: { pause: [acme-prod] } }",
            "lag.easing: acme-prod holds real data and never sleeps",
        ),
        (
            "workloads: [{ name: odoo, replicas: 2 }]",
            "workloads: [{ name: odoo }]\n    lag: { easing: { pause: [acme-staging] } }\n"
            "    cluster: other",
            "acme-staging shares neither cluster nor server with acme-prod",
        ),
        ("class: staging", "class: standby", "acme-staging holds real data and must never be"),
        ("refresh_from: acme-prod", "refresh_from: acme", "there is no environment acme;"),
        ("refresh_from: acme-prod", "refresh_from: acme-staging", "is no production or standby"),
        (
            "refresh_from: acme-prod",
            "admin_password: env:ADMIN",
            "only a refresh sets admin_password",
        ),
        (
            "    backups: { container: backups, prefix: acme-prod/ }\n",
            "",
            "acme-prod has no backups to refresh from",
        ),
    ],
)
def test_a_contradiction_between_entries_is_refused(
    estate_file: EstateFile, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(EstateInvalid) as refusal:
        load_estate(estate_file((old, new)))

    assert complaint in str(refusal.value)


def test_two_environments_may_not_share_a_database(estate_file: EstateFile) -> None:
    path = estate_file(("server: erp-nonprod, name: acme_staging", "server: erp-prod, name: acme"))

    with pytest.raises(EstateInvalid, match="share the database erp-prod/acme"):
        load_estate(path)


def test_a_file_that_is_not_yaml_is_refused_with_its_line(estate_file: EstateFile) -> None:
    path = estate_file(("url: ", "url: s3cret@{"))

    with pytest.raises(EstateInvalid, match="is not YAML: line 4") as refusal:
        load_estate(path)

    assert "s3cret" not in str(refusal.value)


def test_a_missing_file_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(EstateInvalid, match=r"nowhere\.yaml cannot be read: No such file"):
        load_estate(tmp_path / "nowhere.yaml")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "estate.yaml"
    path.touch()

    with pytest.raises(EstateInvalid, match="is wrong"):
        load_estate(path)


def test_a_copy_with_other_entries_finds_those_and_no_others() -> None:
    estate = load_estate(DEMO)
    production = estate.environment("acme-prod")

    copy = estate.model_copy(update={"environments": (production,)})

    assert copy.on_server(production.database.server) == (production,)
    assert copy.refreshed_from("acme-prod") == ()
    with pytest.raises(UnknownEnvironment):
        copy.environment("acme-staging")
