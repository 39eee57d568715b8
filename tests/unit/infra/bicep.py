"""What can be said of Bicep files without Bicep: a list of problems, empty when there are none."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from shared.settings import Settings

ROLES = {
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39": "Azure Service Bus Data Sender",
    "090c5cfd-751d-490a-894a-3ce6f1109419": "Azure Service Bus Data Owner",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "a4b10055-b0c7-44c2-b00f-c7b5b3550cf7": "Traffic Manager Contributor",
    "befefa01-2a29-4197-83a8-272ff33ce314": "DNS Zone Contributor",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "d5a91429-5739-47e2-a06b-3470a27159e7": "EventGrid Data Sender",
    "db58b8e5-c6ad-4a2a-8342-4190687cbf4a": "Storage Blob Delegator",
    "ec156ff8-a8d1-4d15-830c-5b80698ca432": "CDN Profile Contributor",
}
"""Every role that is assigned: of the data plane, but for those on resources that are named."""

KEPT = {
    "bus.bicep": (
        "geoDataReplication: empty(replicaLocation) ? null",
        "trustedServiceAccessEnabled",
    ),
    "event-source.bicep": ("deadLetterWithResourceIdentity: {", "deliveryWithResourceIdentity: {"),
    "ledger.bicep": ("if (!empty(replicaLocation))", "createMode: 'Replica'", "isZoneRedundant ?"),
    "main.bicep": (
        "empty(existingLedgerHost) ? ledger.outputs.host : existingLedgerHost",
        "group: 'namespace'",
        "id: storage.outputs.dataId, group: 'blob'",
        "id: storage.outputs.hostId, group: 'blob'",
        "group: 'vault'",
        "group: 'postgresqlServer'",
    ),
    "network.bicep": ("Microsoft.App/environments", "privateDnsZoneConfigs"),
    "storage.bicep": (
        "isVersioningEnabled: true",
        "immutableStorageWithVersioning: { enabled: true }",
        "immutabilityPeriodSinceCreationInDays: evidenceDays",
        "tierToCool",
        "defaultAction: isPrivate ? 'Deny'",
    ),
    "vault.bicep": ("enablePurgeProtection: true", "defaultAction: isPrivate ? 'Deny'"),
}
"""What keeps evidence, events and secrets, and what a region's loss and a private network need."""

WATCHED = (
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.EventGrid/systemTopics",
    "Microsoft.EventGrid/topics",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ServiceBus/namespaces",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Web/sites",
)
"""What writes its audit log into the workspace."""

CLOSED = {
    "Microsoft.DBforPostgreSQL/flexibleServers": "passwordAuth: 'Disabled'",
    "Microsoft.EventGrid/topics": "disableLocalAuth: true",
    "Microsoft.Insights/components": "DisableLocalAuth: true",
    "Microsoft.KeyVault/vaults": "enableRbacAuthorization: true",
    "Microsoft.OperationalInsights/workspaces": "disableLocalAuth: true",
    "Microsoft.ServiceBus/namespaces": "disableLocalAuth: true",
    "Microsoft.Storage/storageAccounts": "allowSharedKeyAccess: false",
}
"""What lets a service in by identity only."""

_SECRET = re.compile(
    r"listKeys|listSecrets|listAccountSas|SharedAccessKey|AccountKey|LoginPassword|connectionString",
    re.IGNORECASE,
)
_ADDRESSES = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "insights.properties.ConnectionString")
"""Called connection strings, and hold no secret once local authentication is off."""

_RESOURCE = re.compile(r"^ *resource (\w+) '([^'@]+)@([^']+)' (existing )?=", re.MULTILINE)
_OTHER_SETTINGS = {"SIGNALBOX_MASKING_KEY"}
"""Read by the estate's references (``env:``)."""


@dataclass(frozen=True)
class Resource:
    file: str
    name: str
    type: str
    version: str
    existing: bool
    body: str


def resources(folder: Path) -> Iterator[Resource]:
    for path in sorted(folder.glob("*.bicep")):
        text = path.read_text("utf-8")
        for found in _RESOURCE.finditer(text):
            name, kind, version, existing = found.groups()
            body = _braces(text[found.end() :])
            yield Resource(path.name, name, kind, version, bool(existing), body)


def _braces(text: str) -> str:
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == "}" and depth == 0:
            return text[: index + 1]
    return text


def problems(folder: Path) -> list[str]:
    found = list(resources(folder))
    return [
        *_roles(folder, [r for r in found if r.type.endswith("/roleAssignments")]),
        *_keys(folder),
        *_open_doors([r for r in found if not r.existing]),
        *_kept(folder),
        *_unwatched([r for r in found if not r.existing]),
        *_bus(folder),
        *_settings(folder),
        *_parameters(folder),
    ]


def _roles(folder: Path, assignments: list[Resource]) -> Iterator[str]:
    for each in assignments:
        where = f"{each.file}: {each.name}"
        text = (folder / each.file).read_text("utf-8")
        variable = re.search(r"roleDefinitions', (\w+)\)", each.body)
        known = variable and re.search(rf"var {variable[1]} = '([^']+)'", text)
        if not known or known[1] not in ROLES:
            yield f"{where} assigns a role that is not among those agreed on"
        if not re.search(r"description: '.{20,}'", each.body):
            yield f"{where} gives no reason"
        if not re.search(r"^  scope: ", each.body, re.MULTILINE):
            yield f"{where} holds for the whole resource group"


def _keys(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.bicep")):
        for line in path.read_text("utf-8").splitlines():
            if _SECRET.search(line) and not any(each in line for each in _ADDRESSES):
                yield f"{path.name}: a secret in {line.strip()!r}"


def _open_doors(found: list[Resource]) -> Iterator[str]:
    for each in found:
        needed = CLOSED.get(each.type)
        if needed and needed not in each.body:
            yield f"{each.file}: {each.name} lacks {needed}"


def _kept(folder: Path) -> Iterator[str]:
    for file, needed in KEPT.items():
        text = (folder / file).read_text("utf-8")
        yield from (f"{file}: {each!r} is gone" for each in needed if each not in text)


def _unwatched(found: list[Resource]) -> Iterator[str]:
    audits = [each for each in found if each.type == "Microsoft.Insights/diagnosticSettings"]
    audited = {(a.file, s[1]) for a in audits if (s := re.search(r"scope: (\w+)", a.body))}
    for each in found:
        is_watched = (each.file, each.name) in audited or each.name == "replica"
        if each.type in WATCHED and not is_watched:
            yield f"{each.file}: nobody sees what {each.name} logs"


def _bus(folder: Path) -> Iterator[str]:
    """The bus is the generated topology, with nothing of it left out."""
    bus, subscriptions = (
        (folder / name).read_text("utf-8") for name in ("bus.bicep", "subscriptions.bicep")
    )
    for line in (
        "var topology = loadJsonContent('../topology.json')",
        "var topics = topology.UserConfig.Namespaces[0].Topics",
        "= [for each in topics: {",
        "subscriptions: each.Subscriptions",
    ):
        if line not in bus:
            yield f"bus.bicep: {line!r} is missing"
    for line in ("= [for each in subscriptions: {", "map(each.Rules, one => {", "in rules: {"):
        if line not in subscriptions:
            yield f"subscriptions.bicep: {line!r} is missing"
    topology = json.loads((folder.parent / "topology.json").read_text("utf-8"))
    for topic in topology["UserConfig"]["Namespaces"][0]["Topics"]:
        for subscription in topic["Subscriptions"]:
            yield from _subscription(subscription, subscriptions)


def _subscription(subscription: dict[str, object], text: str) -> Iterator[str]:
    properties, rules = subscription["Properties"], subscription["Rules"]
    assert isinstance(properties, dict)
    assert isinstance(rules, list)
    for key, value in properties.items():
        if value and key != "DefaultMessageTimeToLive" and f"each.Properties.{key}" not in text:
            yield f"subscriptions.bicep forgets {key} of {subscription['Name']}"
    filters = [rule["Properties"] for rule in rules]
    if any(set(f.get("CorrelationFilter", ())) != {"Label"} for f in filters):
        yield f"subscriptions.bicep cannot express the rules of {subscription['Name']}"


def _settings(folder: Path) -> Iterator[str]:
    given = set(
        re.findall(r"^    (\w+): ", (folder / "app.bicep").read_text("utf-8"), re.MULTILINE)
    )
    fields = {
        str(field.validation_alias or f"SIGNALBOX_{name.upper()}"): field.is_required()
        for name, field in Settings.model_fields.items()
    }
    for name in sorted(given - set(fields) - _OTHER_SETTINGS):
        if name.startswith("SIGNALBOX_"):
            yield f"app.bicep: no setting is called {name}"
    for name in sorted(set(fields) - given):
        if fields[name]:
            yield f"app.bicep: the setting {name} is missing"


def _parameters(folder: Path) -> Iterator[str]:
    declared = re.findall(
        r"^param (\w+) \w+( =)?", (folder / "main.bicep").read_text("utf-8"), re.MULTILINE
    )
    given = json.loads((folder / "main.parameters.json").read_text("utf-8"))["parameters"]
    for name in sorted(set(given) - {name for name, _ in declared}):
        yield f"main.parameters.json: main.bicep has no parameter {name}"
    for name, default in declared:
        if not default and name not in given:
            yield f"main.parameters.json: {name} is not given"
    azd = yaml.safe_load((folder.parents[1] / "azure.yaml").read_text("utf-8"))
    if not (folder.parents[1] / azd["infra"]["path"] / f"{azd['infra']['module']}.bicep").is_file():
        yield "azure.yaml leads to no Bicep file"
    tagged = set(
        re.findall(r"'azd-service-name': '(\w+)'", (folder / "app.bicep").read_text("utf-8"))
    )
    if tagged != set(azd["services"]):
        yield f"azure.yaml has services {sorted(azd['services'])}, Bicep tags {sorted(tagged)}"
