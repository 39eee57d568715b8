"""What can be said of Bicep files without Bicep: a list of problems, empty when there are none."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tree_sitter
import tree_sitter_bicep
import yaml

from functions.intake import TOPIC
from shared.runs.translation import ALERT, MANIFEST, TRANSLATORS
from shared.settings import Settings
from signalbox.generate import topology

ROLES = {
    "Azure Service Bus Data Owner": "090c5cfd-751d-490a-894a-3ce6f1109419",
    "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    "CDN Profile Contributor": "ec156ff8-a8d1-4d15-830c-5b80698ca432",
    "DNS Zone Contributor": "befefa01-2a29-4197-83a8-272ff33ce314",
    "EventGrid Data Sender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Delegator": "db58b8e5-c6ad-4a2a-8342-4190687cbf4a",
    "Traffic Manager Contributor": "a4b10055-b0c7-44c2-b00f-c7b5b3550cf7",
}
ASSIGNED = {
    "bus.bicep: owns": ("Azure Service Bus Data Owner", "namespace"),
    "duties.bicep: leadsByName": ("DNS Zone Contributor", "zone"),
    "duties.bicep: leadsByOrigin": ("CDN Profile Contributor", "door"),
    "duties.bicep: leadsByProfile": ("Traffic Manager Contributor", "traffic"),
    "duties.bicep: rotates": ("Key Vault Secrets Officer", "vault"),
    "event-identity.bicep: buries": (
        "Storage Blob Data Contributor",
        "storage::blobs::deadLetters",
    ),
    "event-identity.bicep: delivers": ("Azure Service Bus Data Sender", "bus::events"),
    "monitoring.bicep: publishes": ("Monitoring Metrics Publisher", "insights"),
    "outcomes.bicep: sends": ("EventGrid Data Sender", "topic"),
    "storage.bicep: delegates": ("Storage Blob Delegator", "data"),
    "storage.bicep: ownsHost": ("Storage Blob Data Owner", "host"),
    "storage.bicep: readsBackups": ("Storage Blob Data Reader", "backups"),
    "storage.bicep: writesEvidence": ("Storage Blob Data Contributor", "evidence"),
    "storage.bicep: writesFilestore": ("Storage Blob Data Contributor", "filestore"),
    "vault.bicep: keeps": ("Key Vault Secrets Officer", "vault"),
    "vault.bicep: reads": ("Key Vault Secrets User", "vault"),
}
"""Every role that is assigned, and where: of the data plane, but for those on named resources."""

OTHERS = {
    "event-identity.bicep: buries": "identity.properties.principalId",
    "event-identity.bicep: delivers": "identity.properties.principalId",
    "vault.bicep: keeps": "keeperPrincipalId",
}
"""What is not assigned to the identity of the app."""

KEPT = {
    "app.bicep": (
        "AZURE_CLIENT_ID: identityClientId",
        "AzureWebJobsStorage__accountName: hostStorageName",
        "AzureWebJobsStorage__clientId: identityClientId",
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "ServiceBus__clientId: identityClientId",
        "ServiceBus__credential: 'managedidentity'",
        "ServiceBus__fullyQualifiedNamespace: busHost",
        "allowedAudiences: empty(alertApplicationUri) ? [] : [alertApplicationUri]",
        "httpsOnly: true",
        "keyVaultReferenceIdentity: identityId",
        "kind: 'functionapp,linux'",
        "name: 'FC1', tier: 'FlexConsumption'",
    ),
    "alerts.bicep": ("name: 'resource-unhealthy'", "useAadAuth: true"),
    "bus.bicep": (
        "defaultAction: 'Deny'",
        "dependsOn: [topic]",
        "geoDataReplication: empty(replicaLocation) ? null",
        "ipRules: [{ ipMask: '192.0.2.1'",
        "messageTimeToLive string = 'P14D'",
        "trustedServiceAccessEnabled",
    ),
    "event-source.bicep": (
        "eventDeliverySchema: 'CloudEventSchemaV1_0'",
        "deadLetterWithResourceIdentity: {",
        "deliveryWithResourceIdentity: {",
    ),
    "ledger.bicep": (
        "createMode: 'Replica'",
        "geoRedundantBackup: 'Enabled'",
        "if (!empty(replicaLocation))",
        "isZoneRedundant ?",
    ),
    "main.bicep": (
        "if (watchSubscription)",
        "LEDGER_HOST string = empty(existingLedgerHost) ? ledger.outputs.host : existingLedgerHost",
        "ledgerHost: empty(existingLedgerHost) ? ledger.outputs.host : existingLedgerHost",
        "/api/alerts'",
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
        "prefixMatch: ['backups/']",
        "sku: { name: 'Standard_GZRS' }",
        "tierToCool",
        "defaultAction: isPrivate ? 'Deny'",
    ),
    "subscriptions.bicep": ("'$Default'", "dependsOn: [subscription]"),
    "vault.bicep": ("enablePurgeProtection: true", "defaultAction: isPrivate ? 'Deny'"),
}
"""What keeps evidence, events and secrets, what signs the app in, and what a region's loss and a
private network need.
"""

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
    "Microsoft.DBforPostgreSQL/flexibleServers": ("passwordAuth: 'Disabled'",),
    "Microsoft.EventGrid/topics": ("disableLocalAuth: true",),
    "Microsoft.Insights/components": ("DisableLocalAuth: true",),
    "Microsoft.KeyVault/vaults": ("enableRbacAuthorization: true",),
    "Microsoft.OperationalInsights/workspaces": ("disableLocalAuth: true",),
    "Microsoft.ServiceBus/namespaces": ("disableLocalAuth: true",),
    "Microsoft.Storage/storageAccounts": (
        "allowBlobPublicAccess: false",
        "allowSharedKeyAccess: false",
    ),
}
"""What lets a service in by identity only."""

_SECRET = re.compile(
    r"listKeys|listSecrets|listAccountSas|SharedAccessKey|AccountKey|LoginPassword|connectionString",
    re.IGNORECASE,
)
_ADDRESSES = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "insights.properties.ConnectionString")
"""Called connection strings, and hold no secret once local authentication is off."""

OF_AZD = ("AZURE_ENV_NAME", "AZURE_LOCATION")
PYTHON = ("python", "function")
UNDERSTOOD = TRANSLATORS.keys() - {ALERT}
_EVENT_TYPES = re.compile(r"eventTypes: \[([^\]]+)\]")
_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bicep.language()))
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
        *_syntax(folder),
        *_roles(folder, [r for r in found if r.type.endswith("/roleAssignments")]),
        *_keys(folder),
        *_open_doors([r for r in found if not r.existing]),
        *_kept(folder),
        *_unwatched([r for r in found if not r.existing]),
        *_bus(folder),
        *_events(folder),
        *_names(folder),
        *_settings(folder),
        *_parameters(folder),
    ]


def _syntax(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.bicep")):
        if _PARSER.parse(path.read_bytes()).root_node.has_error:
            yield f"{path.name} cannot be parsed"


def _roles(folder: Path, assignments: list[Resource]) -> Iterator[str]:
    found = {f"{each.file}: {each.name}": each.body for each in assignments}
    yield from (f"{where} is not among what was agreed on" for where in found.keys() - ASSIGNED)
    yield from (f"{where} is gone" for where in ASSIGNED.keys() - found)
    for where in found.keys() & ASSIGNED:
        role, scope = ASSIGNED[where]
        text = (folder / where.split(":")[0]).read_text("utf-8")
        variable = re.search(r"roleDefinitions', (\w+)\)", found[where])
        if not variable or f"var {variable[1]} = '{ROLES[role]}'" not in text:
            yield f"{where} is not the role {role}"
        if f" principalId: {OTHERS.get(where, 'identityPrincipalId')}\n" not in found[where]:
            yield f"{where} is somebody else's"
        if f"\n  scope: {scope}\n" not in found[where]:
            yield f"{where} does not hold for {scope} alone"
        if not re.search(r"description: '.{20,}'", found[where]):
            yield f"{where} gives no reason"


def _keys(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.bicep")):
        for line in path.read_text("utf-8").splitlines():
            if _SECRET.search(line) and not any(each in line for each in _ADDRESSES):
                yield f"{path.name}: a secret in {line.strip()!r}"


def _open_doors(found: list[Resource]) -> Iterator[str]:
    for each in found:
        for needed in CLOSED.get(each.type, ()):
            if needed not in each.body:
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
    deployed = json.loads((folder.parent / "topology.json").read_text("utf-8"))
    missing = _subscriptions(topology()) - _subscriptions(deployed)
    yield from (f"topology.json has no subscription {name}" for name in sorted(missing))
    if deployed != topology():
        yield "topology.json is not what the steps need: make generate"
    for topic in deployed["UserConfig"]["Namespaces"][0]["Topics"]:
        yield from _forgotten("bus.bicep", bus, topic)
        for subscription in topic["Subscriptions"]:
            yield from _forgotten("subscriptions.bicep", subscriptions, subscription)
            filters = [rule["Properties"] for rule in subscription["Rules"]]
            if any(set(f.get("CorrelationFilter", ())) != {"Label"} for f in filters):
                yield f"subscriptions.bicep cannot express the rules of {subscription['Name']}"


def _subscriptions(topology: dict[str, Any]) -> set[str]:
    topics = topology["UserConfig"]["Namespaces"][0]["Topics"]
    return {
        f"{topic['Name']}/{each['Name']}" for topic in topics for each in topic["Subscriptions"]
    }


def _forgotten(file: str, text: str, entity: dict[str, Any]) -> Iterator[str]:
    for key, value in entity["Properties"].items():
        if value and key != "DefaultMessageTimeToLive" and f"each.Properties.{key}" not in text:
            yield f"{file} forgets {key} of {entity['Name']}"


def _events(folder: Path) -> Iterator[str]:
    """What Event Grid delivers is what intake understands."""
    listened = re.findall(r"'(Microsoft\.[\w.]+)'", " ".join(_EVENT_TYPES.findall(_main(folder))))
    yield from (f"main.bicep listens to {kind} for nobody" for kind in set(listened) - UNDERSTOOD)
    yield from (f"main.bicep does not listen to {kind}" for kind in UNDERSTOOD - set(listened))


def _names(folder: Path) -> Iterator[str]:
    """What one file says of another by name."""
    wanted = set(re.findall(r"secrets/([\w-]+)\)", (folder / "app.bicep").read_text("utf-8")))
    script = (folder / "after-provision.sh").read_text("utf-8")
    if f"for name in {' '.join(sorted(wanted))}; do" not in script:
        yield f"after-provision.sh makes other secrets than {sorted(wanted)}"
    storage = (folder / "storage.bicep").read_text("utf-8")
    source = (folder / "event-source.bicep").read_text("utf-8")
    evidence = Settings.model_fields["evidence_container"].default
    named = re.findall(r"blobContainerName: '(.+)'", source)
    named += re.findall(r"/containers/([\w-]+)/'", _main(folder))
    for name in (evidence, *named):
        if f"name: '{name}'" not in storage:
            yield f"storage.bicep has no container {name}"
    if f"name: '{TOPIC}'" not in (folder / "event-identity.bicep").read_text("utf-8"):
        yield f"event-identity.bicep delivers elsewhere than to {TOPIC}"
    if f"subjectEndsWith: '/{MANIFEST}'" not in _main(folder):
        yield f"main.bicep waits for another file than {MANIFEST}"


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


def outputs(folder: Path) -> set[str]:
    """What azd keeps of a deployment."""
    return set(re.findall(r"^output (\w+)", _main(folder), re.MULTILINE))


def parameters(folder: Path) -> set[str]:
    """What azd gives to a deployment, as its variables."""
    given = json.loads((folder / "main.parameters.json").read_text("utf-8"))["parameters"]
    return {each["value"][2:-1].split("=")[0] for each in given.values()}


def _main(folder: Path) -> str:
    return (folder / "main.bicep").read_text("utf-8")


def _parameters(folder: Path) -> Iterator[str]:
    declared = dict(re.findall(r"^param (\w+) \w+(?: = (.+))?", _main(folder), re.MULTILINE))
    given = json.loads((folder / "main.parameters.json").read_text("utf-8"))["parameters"]
    for name in sorted(given.keys() - declared):
        yield f"main.parameters.json: main.bicep has no parameter {name}"
    for name in sorted(declared.keys() - given):
        yield f"main.parameters.json: {name} is not given"
    for name in sorted(declared.keys() & given):
        variable, _, default = given[name]["value"][2:-1].partition("=")
        if default != declared[name].strip("'"):
            yield f"main.parameters.json: {name} is another unless it is given"
        if not variable.startswith("SIGNALBOX_") and variable not in OF_AZD:
            yield f"main.parameters.json: azd knows no {variable}"
    azd = yaml.safe_load((folder.parents[1] / "azure.yaml").read_text("utf-8"))
    if not (folder.parents[1] / azd["infra"]["path"] / f"{azd['infra']['module']}.bicep").is_file():
        yield "azure.yaml leads to no Bicep file"
    script = folder.parents[1] / azd["hooks"]["postprovision"]["run"]
    for name in re.findall(r"\$\{?([A-Z_]+)\}?\b(?!:)", script.read_text("utf-8")):
        if name not in outputs(folder) | parameters(folder):
            yield f"{script.name}: azd knows no {name}"
    if any((each["language"], each["host"]) != PYTHON for each in azd["services"].values()):
        yield f"azure.yaml has a service that is not {PYTHON}"
    tagged = set(
        re.findall(r"'azd-service-name': '(\w+)'", (folder / "app.bicep").read_text("utf-8"))
    )
    if tagged != set(azd["services"]):
        yield f"azure.yaml has services {sorted(azd['services'])}, Bicep tags {sorted(tagged)}"
