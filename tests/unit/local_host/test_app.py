"""Loading a function app."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.host.app import AppInvalid, load_app
from infra.local.host.routes import Route
from infra.local.host.schedule import Schedule
from infra.local.host.triggers import METHODS, HttpTrigger, TimerTrigger

SETTINGS = {"ServiceBus": "Endpoint=sb://unused"}
APP = "import os\nimport azure.functions as func\napp = func.FunctionApp()\n"
TOPIC = """
@app.service_bus_topic_trigger(
    "message", connection="ServiceBus", topic_name="refresh", subscription_name="restore"{more}
)
def restore(message: func.ServiceBusMessage) -> None: ...
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_app(source: str, *, head: str = APP) -> Path:
        (tmp_path / "function_app.py").write_text(head + source)
        return tmp_path

    return write_app


def test_settings_are_environment_while_loading_and_no_longer(write: Write) -> None:
    folder = write("READ = os.environ['SIGNALBOX_TEST']\n" + TOPIC.format(more=""))
    path = list(sys.path)

    [function] = load_app(folder, SETTINGS | {"SIGNALBOX_TEST": "here"})

    assert function.handler.__globals__["READ"] == "here"
    assert "SIGNALBOX_TEST" not in os.environ
    assert sys.path == path


def test_loading_twice_gives_two_apps(write: Write) -> None:
    folder = write(TOPIC.format(more=""))

    first, second = (load_app(folder, SETTINGS) for _ in range(2))

    assert first[0].handler.__globals__ is not second[0].handler.__globals__


def test_an_error_in_the_app_s_own_code_comes_through(write: Write) -> None:
    with pytest.raises(ZeroDivisionError):
        load_app(write("1 / 0"), SETTINGS)


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppInvalid, match=r"function_app\.py does not exist"):
        load_app(tmp_path, SETTINGS)


@pytest.mark.parametrize("head", ["", APP + "other = func.FunctionApp()\n"], ids=["none", "two"])
def test_exactly_one_app_is_needed(write: Write, head: str) -> None:
    with pytest.raises(AppInvalid, match="exactly one"):
        load_app(write("", head=head), SETTINGS)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (TOPIC.format(more=", is_sessions_enabled=True"), "isSessionsEnabled"),
        (TOPIC.format(more=", cardinality=func.Cardinality.MANY"), "cardinality"),
        (TOPIC.format(more=", auto_complete_messages=False"), "autoCompleteMessages"),
        (TOPIC.replace('"ServiceBus"', '"Missing"').format(more=""), "'Missing'"),
        (TOPIC.replace('"refresh"', '"%NOWHERE%"').format(more=""), "'NOWHERE'"),
        (TOPIC.replace("message", "the_message").format(more=""), "'the_message'"),
        (TOPIC.replace("(message:", "(other:").format(more=""), "'other'"),
        (TOPIC.replace("func.ServiceBusMessage", "str").format(more=""), "annotated"),
        (
            TOPIC.replace("@app", "@app.function_name('1st')\n@app", 1).format(more=""),
            "the name must",
        ),
        (
            "@app.retry(strategy='fixed_delay', max_retry_count='3', delay_interval='00:00:01')"
            + TOPIC.format(more=""),
            "@app.retry",
        ),
        (
            "@app.queue_output('out', 'q', 'Storage')" + TOPIC.format(more=""),
            r"'out' \(queue\)",
        ),
        (
            "@app.blob_trigger('blob', path='a', connection='S')\n"
            "def act(blob: func.InputStream) -> None: ...\n",
            "'blobTrigger'",
        ),
        (
            "@app.timer_trigger('timer', schedule='sometimes')\n"
            "def act(timer: func.TimerRequest) -> None: ...\n",
            "'sometimes'",
        ),
        (
            "@app.route(route='same')\ndef one(req: func.HttpRequest) -> str: ...\n"
            "@app.route(route='Same')\ndef two(req: func.HttpRequest) -> str: ...\n",
            "belongs to 'one'",
        ),
    ],
)
def test_what_cannot_be_served_is_named_with_its_function(
    write: Write, source: str, reason: str
) -> None:
    with pytest.raises(AppInvalid, match=rf"function '\w+': .*{reason}"):
        load_app(write(source), SETTINGS)


def test_every_problem_is_listed_at_once(write: Write) -> None:
    source = TOPIC.format(more=", is_sessions_enabled=True")
    other = source.replace("def restore", "def remap")

    with pytest.raises(AppInvalid, match=r"(?s)'restore'.*'remap'"):
        load_app(write(source + other), SETTINGS)


def test_an_identity_based_connection_is_enough(write: Write) -> None:
    settings = {"ServiceBus__fullyQualifiedNamespace": "example.servicebus.windows.net"}

    [function] = load_app(write(TOPIC.format(more="")), settings)

    assert function.name == "restore"


def test_what_a_trigger_leaves_out_has_azure_s_default(write: Write) -> None:
    source = """
@app.timer_trigger("timer", schedule="*/5 * * * *")
def sweep(timer: func.TimerRequest) -> None: ...

@app.route()
def status(req: func.HttpRequest) -> str: ...
"""

    sweep, status = (function.trigger for function in load_app(write(source), SETTINGS))

    assert sweep == TimerTrigger(Schedule.parse("0 */5 * * * *"), run_on_startup=False)
    assert status == HttpTrigger(Route.parse("status"), frozenset(METHODS), open_to_all=False)
