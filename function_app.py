"""What the Functions host indexes: read the settings, wire the resources, register every agent."""

import os
from datetime import timedelta
from functools import partial

import azure.functions as func

from functions import console, intake, notify, relay, upkeep
from functions.failover import standing_orders
from functions.failover.readiness import get_ready_soon
from functions.intake.alerts import accept_alert
from functions.runbooks import RUNBOOKS
from shared.bus.eventgrid import EventGridTopic
from shared.bus.servicebus import ServiceBus
from shared.estate import load_estate
from shared.evidence.signing import evidence_signer
from shared.identity import identify_by
from shared.ledger import EvidenceCopies, Ledger
from shared.ledger.overview import Overview
from shared.ledger.retention import Retention
from shared.ledger.workloads import Workloads
from shared.limits import RateLimit
from shared.logs import configure_logging
from shared.notifying.links import links_key
from shared.resources import build_resources
from shared.runs import Runner
from shared.runs.heartbeat import Heartbeat
from shared.runs.intake import Intake
from shared.runs.outbox import Outbox, Postman
from shared.settings import Settings
from shared.telemetry import SILENT, open_telemetry
from shared.triggers import Guard, on_event_grid, on_http, on_message, on_timer, on_web, subscribe

configure_logging()
settings = Settings()
estate = load_estate(settings.estate)
ledger = Ledger.connect(
    settings.ledger_url.get_secret_value(), connections=settings.ledger_connections
)
bus = ServiceBus.connect(settings.bus)
outbox = Outbox(ledger, bus)
post = Postman(outbox).post
resources = build_resources(settings, estate, os.environ, ledger, post)
beating = Heartbeat(ledger, settings.lease).beating
telemetry = open_telemetry(settings)
runner = Runner(ledger, post, resources, beating=beating, lease=settings.lease, telemetry=telemetry)
understanding = Intake(RUNBOOKS, estate)

get_ready_soon(estate, bus, resources.clusters)

app = func.FunctionApp()
for runbook in RUNBOOKS:
    subscribe(app, runbook, runner)

grid = None
if settings.event_grid_topic:
    grid = EventGridTopic.connect(settings.event_grid_topic, settings.event_grid_key)
sending = notify.Sending(
    wanted=estate.notifications,
    secrets=resources.secrets,
    links_key=links_key(settings.forms_key),
    clock=ledger.clock,
)
accepting = partial(intake.accept_event, runner=runner, intake=understanding, bus=bus)
rescuing = partial(intake.accept_dead_letter, runner=runner, intake=understanding, bus=bus)
telling = partial(relay.publish_outcome, grid=grid, ledger=ledger, telemetry=telemetry)
hearing = partial(notify.notify_people, runner=runner, wanted=estate.notifications)
posting = partial(notify.send_notification, runner=runner, sending=sending)
for name, topic, handle in (
    ("accept_event", intake.TOPIC, accepting),
    ("accept_dead_letter", intake.DEAD_LETTERS, rescuing),
    ("publish_outcome", relay.TOPIC, telling),
    ("notify_people", notify.TOPIC, hearing),
    ("send_notification", notify.NOTIFICATIONS, posting),
):
    on_message(app, name, topic, name.replace("_", "-"), handle, telemetry=telemetry)

known = {
    **vars(settings),
    **vars(resources),
    "ledger": ledger,
    "outbox": outbox,
    "runner": runner,
    "telemetry": telemetry,
    "retention": Retention(ledger),
    "workloads": Workloads(ledger),
    "copies": EvidenceCopies(ledger),
    "signer": lambda: evidence_signer(resources.secrets.resolve(estate.masking_key).encode()),
}
timers: list[upkeep.Timer] = [*standing_orders.TIMERS, *upkeep.TIMERS]
if telemetry is not SILENT:
    timers.append((upkeep.report_measurements, "15 * * * * *"))
for do, schedule in timers:
    on_timer(app, do, schedule, known)

answering = partial(intake.accept_grid_event, runner=runner, intake=understanding, bus=bus)
on_event_grid(app, "accept_grid_event", answering)

guard = Guard(identify_by(settings), RateLimit(settings.requests_per_minute, timedelta(minutes=1)))
desk = console.Desk(
    ledger=ledger,
    overview=Overview(ledger),
    bus=bus,
    post=post,
    estate=estate,
    intake=understanding,
    approvals=resources.approvals,
    identify=guard.identify,
    limit=guard.limit,
    forms_key=settings.forms_key,
    sign_in_needed=settings.signed_in_by_app_service,
)
on_web(app, "console", console.build_console(desk))
relayed = estate.azure.alert_secret
on_http(
    app,
    "accept_alert",
    "POST",
    "alerts",
    partial(
        accept_alert,
        guard=guard,
        secret=partial(resources.secrets.resolve, relayed) if relayed else None,
        bus=bus,
    ),
)
