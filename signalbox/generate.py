"""The files that follow from the code: the bus topology, JSON Schemas, the AsyncAPI document."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions import intake, notify, relay
from functions.runbooks import RUNBOOKS
from shared.estate import Estate
from shared.masking.policy import MaskingPolicy
from shared.masking.proof import SignedCertificate
from shared.messages import CloudEvent, Command, Event
from shared.messages.announcements import Announcement
from shared.odoo.manifest import BackupManifest
from shared.runs import Runbook
from shared.runs.commands import ANNOUNCEMENTS
from shared.telemetry.alerts import alert_rules
from signalbox.manual import command_manual
from signalbox.scaling import scaled_object

EVENTS = [runbook.on for runbook in RUNBOOKS]
ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "schemas" / "examples"

SUBSCRIPTION = {
    "DeadLetteringOnMessageExpiration": True,
    "DefaultMessageTimeToLive": "PT1H",
    "LockDuration": "PT1M",
    "MaxDeliveryCount": 10,
    "ForwardDeadLetteredMessagesTo": intake.DEAD_LETTERS,
    "ForwardTo": "",
    "RequiresSession": False,
}
TOPIC = {
    "DefaultMessageTimeToLive": "PT1H",
    "DuplicateDetectionHistoryTimeWindow": "PT5M",
    "RequiresDuplicateDetection": True,
}


def generated_files() -> dict[Path, str]:
    """Every generated file and what it must contain."""
    schemas = {f"{model.__name__}.json": _schema(model) for model in _models()}
    files: dict[str, Any] = {f"schemas/{name}": schema for name, schema in schemas.items()} | {
        "infra/topology.json": topology(),
        "infra/azure/alert-rules.json": alert_rules(),
        "schemas/asyncapi.json": asyncapi(),
    }
    written = {
        ROOT / path: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for path, content in files.items()
    }
    scaling = ROOT / "infra" / "kubernetes" / "functions" / "scaled-object.yaml"
    return written | {
        ROOT / "docs" / "cli.md": command_manual(),
        scaling: scaled_object(files["infra/topology.json"]),
    }


def stale_files() -> list[Path]:
    """Generated files that are not what they must be, and files of schemas that are gone."""
    wanted = generated_files()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text("utf-8") != text]
    return stale + [path for path in (ROOT / "schemas").glob("*.json") if path not in wanted]


def _models() -> list[type[BaseModel]]:
    facts = {a.consumes: None for runbook in RUNBOOKS for a in runbook.actions()}
    chain: list[type[BaseModel]] = [model for model in facts if not issubclass(model, Event)]
    return [
        CloudEvent,
        Command,
        *EVENTS,
        *chain,
        *_leaves(Announcement),
        Estate,
        MaskingPolicy,
        SignedCertificate,
        BackupManifest,
    ]


def _leaves(kind: type[Announcement]) -> list[type[Announcement]]:
    found = [leaf for sub in kind.__subclasses__() for leaf in _leaves(sub)]
    return found or [kind]


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()


def topology() -> dict[str, Any]:
    """The namespace in the shape of the official Service Bus emulator's configuration file."""
    topics = [
        _topic(intake.TOPIC, [_subscription(intake.SUBSCRIPTION)]),
        *(_agent_topic(runbook, name) for runbook in RUNBOOKS for name in runbook.topics),
        _topic(
            relay.TOPIC,
            [
                _subscription(relay.SUBSCRIPTION, *(kind.type for kind in relay.OUTCOMES)),
                _subscription(notify.HEARING, *notify.ANNOUNCED),
            ],
        ),
        _topic(notify.NOTIFICATIONS, [_subscription(notify.SENDING, notify.SENDING)]),
        _topic(
            intake.DEAD_LETTERS,
            [_subscription(intake.DEAD_LETTER_SUBSCRIPTION, ForwardDeadLetteredMessagesTo="")],
            # A dead letter keeps its id: dropping the second would lose it.
            RequiresDuplicateDetection=False,
        ),
    ]
    namespace = {"Name": "sbemulatorns", "Queues": [], "Topics": topics}
    return {"UserConfig": {"Namespaces": [namespace], "Logging": {"Type": "File"}}}


def _agent_topic(runbook: Runbook, name: str) -> dict[str, Any]:
    names = [action.subscription for action in runbook.actions()]
    return _topic(name, [_subscription(each, each) for each in names])


def _topic(name: str, subscriptions: list[dict[str, Any]], **properties: Any) -> dict[str, Any]:
    return {"Name": name, "Properties": TOPIC | properties, "Subscriptions": subscriptions}


def _subscription(name: str, *subjects: str, **properties: Any) -> dict[str, Any]:
    """A subscription to messages with one of the subjects; to all when none is given."""
    rules = [
        {
            "Name": "subject" if len(subjects) == 1 else subject,
            "Properties": {"FilterType": "Correlation", "CorrelationFilter": {"Label": subject}},
        }
        for subject in subjects
    ]
    return {"Name": name, "Properties": SUBSCRIPTION | properties, "Rules": rules}


def asyncapi() -> dict[str, Any]:
    """An AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.1.0)."""
    messages = _messages()
    channels = {
        intake.TOPIC: _channel(
            "Facts about environments; publish here.", [kind.__name__ for kind in EVENTS]
        ),
        ANNOUNCEMENTS: _channel(
            "What Signalbox says; make subscriptions of your own.",
            [kind.__name__ for kind in _leaves(Announcement)],
        ),
    } | {
        name: _channel(f"Commands to the steps of {r.name}, one subscription each.", ["Command"])
        for r in RUNBOOKS
        for name in r.topics
    }
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Signalbox",
            "version": version("signalbox"),
            "description": "Events, commands and announcements on Azure Service Bus topics.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": _operations(channels),
        "components": {"messages": messages, "schemas": _component_schemas()},
    }


def _messages() -> dict[str, Any]:
    enveloped: list[type[Event] | type[Announcement]] = [*EVENTS, *_leaves(Announcement)]
    found = {
        kind.__name__: {
            "name": kind.type,
            "summary": _summary(kind),
            "contentType": "application/cloudevents+json",
            "payload": {
                "allOf": [
                    {"$ref": "#/components/schemas/CloudEvent"},
                    {"properties": {"data": {"$ref": f"#/components/schemas/{kind.__name__}"}}},
                ]
            },
        }
        for kind in enveloped
    }
    command = {"name": "command", "summary": _summary(Command)}
    return found | {"Command": command | {"payload": {"$ref": "#/components/schemas/Command"}}}


def _component_schemas() -> dict[str, Any]:
    kinds: list[type[BaseModel]] = [CloudEvent, Command, *EVENTS, *_leaves(Announcement)]
    template = "#/components/schemas/{model}"
    _, schemas = models_json_schema([(k, "validation") for k in kinds], ref_template=template)
    found: dict[str, Any] = schemas["$defs"]
    return found


def _channel(description: str, messages: list[str]) -> dict[str, Any]:
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"description": description, "messages": refs}


def _operations(channels: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "action": "send" if name == ANNOUNCEMENTS else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [
                {"$ref": f"#/channels/{name}/messages/{message}"} for message in channel["messages"]
            ],
        }
        for name, channel in channels.items()
    }


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).strip().splitlines()[0]
