"""What a command cannot do is said in a sentence, never in a traceback."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import structlog

from shared.bus import BusOutOfReach
from shared.bus.entities import faults, open_namespace
from shared.ledger.migrate import LedgerTooNew
from shared.settings import Settings
from signalbox import __main__ as program
from signalbox.errors import Unusable
from signalbox.session import Session


@pytest.fixture(autouse=True)
def _same_logs() -> Iterator[None]:
    configured = structlog.get_config()
    yield
    structlog.configure(**configured)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://x:pa55word@127.0.0.1:1/none", "cannot be reached: .* Connection refused"),
        ("pa55word", "SIGNALBOX_LEDGER_URL is no URL"),
    ],
)
def test_a_ledger_that_cannot_be_reached_is_refused_at_once_and_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str, said: str
) -> None:
    monkeypatch.setenv("SIGNALBOX_LEDGER_URL", url)
    monkeypatch.setenv("SIGNALBOX_ESTATE", str(tmp_path / "estate.yaml"))
    monkeypatch.setenv("SIGNALBOX_BLOBS", "UseDevelopmentStorage=true")
    monkeypatch.setenv("ServiceBus", "Endpoint=sb://127.0.0.1:1;SharedAccessKey=x")

    with pytest.raises(Unusable, match=said) as refused, Session(Settings()).ledger():
        pass

    assert "pa55word" not in str(refused.value)


def test_a_bus_that_cannot_be_reached_is_said_once_and_not_of_each_subscription() -> None:
    nowhere = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=x;SharedAccessKey=eA==;"
    wanted = [("refresh", str(number)) for number in range(100)]

    with (
        open_namespace(f"{nowhere}UseDevelopmentEmulator=true;") as bus,
        pytest.raises(BusOutOfReach, match="cannot be reached"),
    ):
        faults(bus, wanted)


@pytest.mark.parametrize(
    "error",
    [psycopg.OperationalError("refused\nby a server"), LedgerTooNew(), BusOutOfReach("topic x")],
)
def test_what_fails_in_mid_command_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(program, "app", fail)

    with pytest.raises(SystemExit) as ended:
        program.main()

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("signalbox: ")
