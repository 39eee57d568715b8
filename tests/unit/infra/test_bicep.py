"""What would be deployed: no keys, no role without a reason, no step forgotten, nothing misspelt.

Nothing here speaks to Azure. Microsoft's type tables are looked at where they are.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.identity import Role
from tests.unit.infra import bicep

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "infra" / "azure"
CHECKS = ROOT.parent / "shared" / "checks"
TABLES = CHECKS / "bicep_types.json.gz"

needs_tables = pytest.mark.skipif(
    not TABLES.is_file(), reason="Microsoft's type tables are not beside this checkout"
)

UNLISTED = (
    "Microsoft.Cdn/profiles",
    "Microsoft.Network/dnsZones",
    "Microsoft.Network/trafficManagerProfiles",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
)
"""Types of which the tables have nothing; they were written from the documentation alone."""

PREVIEW = {"Microsoft.Insights/diagnosticSettings": "2021-05-01-preview"}
"""Its stable version knows no groups of categories."""


CONTRIBUTOR = """
resource does 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  properties: { roleDefinitionId: 'b24988ac-6180-42a0-ab88-20f7382dd24c' }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of everything that would be deployed, to make mistakes in."""
    shutil.copytree(FOLDER, tmp_path / "infra" / "azure")
    shutil.copy(ROOT / "infra" / "topology.json", tmp_path / "infra")
    shutil.copy(ROOT / "azure.yaml", tmp_path)
    return tmp_path / "infra" / "azure"


def mistake(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_what_would_be_deployed_has_no_problems(folder: Path) -> None:
    assert bicep.problems(folder) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("vault.bicep", "4633458b-17de-408a", "00482a5a-887f-4fb3", "not the role Key Vault Secr"),
        ("vault.bicep", "  properties: {", "  properties:", "vault.bicep cannot be parsed"),
        ("vault.bicep", "  scope: vault\n", "", "does not hold for vault alone"),
        ("storage.bicep", "  scope: evidence\n", "  scope: data\n", "not hold for evidence alone"),
        (
            "storage.bicep",
            "roleDefinitions', blobDataReader)",
            "roleDefinitions', blobDataOwner)",
            "readsBackups is not the role Storage Blob Data Reader",
        ),
        (
            "identity.bicep",
            "output id",
            f"{CONTRIBUTOR}\noutput id",
            "not among what was agreed on",
        ),
        ("outcomes.bicep", "resource sends", "resource mails", "outcomes.bicep: sends is gone"),
        ("outcomes.bicep", "    description: 'The relay", "    comment: 'The relay", "no reason"),
        ("bus.bicep", "disableLocalAuth: true", "disableLocalAuth: false", "disableLocalAuth"),
        ("storage.bicep", "allowSharedKeyAccess: false", "", "allowSharedKeyAccess"),
        ("ledger.bicep", "passwordAuth: 'Disabled'", "passwordAuth: 'Enabled'", "passwordAuth"),
        (
            "app.bicep",
            "blobEndpoint\n    SIG",
            "host.listKeys().keys[0].value\n    SIG",
            "a secret",
        ),
        ("app.bicep", "SIGNALBOX_BLOBS", "SIGNALBOX_BLOB", "no setting is called"),
        ("app.bicep", "SIGNALBOX_ESTATE", "ESTATE", "SIGNALBOX_ESTATE is missing"),
        ("bus.bicep", "[for each in topics: {", "[for each in take(topics, 3): {", "is missing"),
        ("subscriptions.bicep", "map(each.Rules,", "map(take(each.Rules, 1),", "is missing"),
        ("subscriptions.bicep", "each.Properties.LockDuration", "'PT1M'", "forgets LockDuration"),
        (
            "bus.bicep",
            "each.Properties.RequiresDupl",
            "false // Dupl",
            "forgets RequiresDuplicateD",
        ),
        ("app.bicep", "  scope: app\n", "  scope: plan\n", "nobody sees what app logs"),
        ("duties.bicep", "  scope: zone\n", "", "does not hold for zone alone"),
        ("main.bicep", "SecretNearExpiry'", "SecretExpiring'", "SecretExpiring for nobody"),
        ("main.bicep", ".ImagePushed'", ".ImageDeleted'", "not listen to Microsoft.ContainerReg"),
        ("main.bicep", "param alertEmail string", "param email string", "no parameter alertEmail"),
        ("main.parameters.json", '"location"', '"region"', "location is not given"),
        ("main.parameters.json", "SKU=Standard", "SKU=standard", "busSku is another unless"),
        ("main.parameters.json", "{AZURE_LOCATION", "{AZURE_REGION", "azd knows no AZURE_REGION"),
        ("../../azure.yaml", "host: function", "host: functions", "a service that is not"),
        ("vault.bicep", "principalId: keeperPr", "principalId: identityPr", "somebody else's"),
        ("event-identity.bicep", "'platform-events'", "'events'", "than to platform-events"),
        ("main.bicep", "/containers/backups/", "/containers/dumps/", "has no container dumps"),
        ("main.parameters.json", '"busSku"', '"sku"', "busSku is not given"),
        ("after-provision.sh", "for name in signalbox-api-key", "for name in key", "other secrets"),
        ("event-source.bicep", "'event-dead-letters'", "'letters'", "has no container letters"),
        ("storage.bicep", "name: 'evidence'", "name: 'proof'", "has no container evidence"),
        ("main.bicep", "/manifest.json'", "/done'", "another file than manifest.json"),
        ("after-provision.sh", "$VAULT_NAME", "$VAULT", "azd knows no VAULT"),
        ("../../azure.yaml", "path: infra/azure", "path: infra", "leads to no Bicep"),
        ("../../azure.yaml", "  app:", "  api:", "Bicep tags"),
    ],
)
def test_a_mistake_is_found(folder: Path, file: str, old: str, new: str, said: str) -> None:
    mistake(folder, file, old, new)
    if "each in topics" in old:
        mistake(folder, file, old, new)

    found = bicep.problems(folder)

    assert any(said in problem for problem in found), found


@pytest.mark.parametrize(
    ("file", "kept"), [(file, kept) for file, all in bicep.KEPT.items() for kept in all]
)
def test_what_must_be_kept_is_missed(folder: Path, file: str, kept: str) -> None:
    mistake(folder, file, kept, "")

    assert f"{file}: {kept!r} is gone" in bicep.problems(folder)


def test_a_step_whose_subscription_is_missing_or_inexpressible_is_found(folder: Path) -> None:
    path = folder.parent / "topology.json"
    topology = json.loads(path.read_text("utf-8"))
    first, second = topology["UserConfig"]["Namespaces"][0]["Topics"][1]["Subscriptions"][:2]
    first["Rules"][0]["Properties"]["CorrelationFilter"] = {"To": "me"}
    missing, second["Name"] = second["Name"], "other"
    path.write_text(json.dumps(topology), "utf-8")

    found = bicep.problems(folder)

    assert f"subscriptions.bicep cannot express the rules of {first['Name']}" in found
    assert f"topology.json has no subscription refresh/{missing}" in found


def test_people_can_be_given_every_role_that_the_app_knows() -> None:
    roles = json.loads((FOLDER / "app-roles.json").read_text("utf-8"))

    assert [each["value"] for each in roles] == list(Role)
    assert all(each["allowedMemberTypes"] == ["User", "Application"] for each in roles)


def test_the_paper_sets_and_reads_only_what_azd_knows() -> None:
    paper = (ROOT / "docs" / "deploying.md").read_text("utf-8")
    given, made = bicep.parameters(FOLDER), bicep.outputs(FOLDER)

    assert set(re.findall(r"env set (\w+)", paper)) <= given
    assert set(re.findall(r"env get-value (\w+)", paper)) <= made
    assert set(re.findall(r"`(SIGNALBOX_\w+)(?:=\w+)?`", paper)) <= given


def checked(folder: Path) -> list[str]:
    """What the checker says that knows Microsoft's types."""
    command = [sys.executable, CHECKS / "bicep_check.py", folder, "--types", TABLES]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "findings" in run.stdout, run.stderr
    *found, _ = run.stdout.splitlines()
    return [line for line in found if not any(f" {kind}@" in line for kind in UNLISTED)]


@needs_tables
def test_every_resource_fits_microsofts_types(folder: Path) -> None:
    assert checked(folder) == []


@needs_tables
def test_what_does_not_fit_microsofts_types_is_found(folder: Path) -> None:
    mistake(folder, "bus.bicep", "minimumTlsVersion: '1.2'", "minimalTlsVersion: '1.2'")
    mistake(folder, "event-source.bicep", "'ServiceBusTopic'", "'ServiceBusTopics'")
    mistake(folder, "main.bicep", "    vaultUri: vault.outputs.uri\n", "")
    mistake(folder, "alerts.bicep", "    severity: 2\n", "")

    found = "\n".join(checked(folder))

    assert "minimalTlsVersion" in found
    assert "'ServiceBusTopics' is none of" in found
    assert "parameter 'vaultUri' of app.bicep is not given" in found
    assert "required 'severity' is missing" in found


@pytest.mark.skipif(
    not (CHECKS / "api_versions.json").is_file(), reason="the list of versions is not there"
)
def test_every_api_version_is_the_newest_stable_one() -> None:
    known = json.loads((CHECKS / "api_versions.json").read_text("utf-8"))
    used = {r.type: r.version for r in bicep.resources(FOLDER)}

    old = {
        kind: version
        for kind, version in used.items()
        if kind in known and version not in (known[kind]["stable"], PREVIEW.get(kind))
    }

    assert old == {}
    assert len(used.keys() & known.keys()) > 20
