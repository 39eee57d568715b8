"""What the command line shows of others' words."""

import pytest
from rich.console import Console

from signalbox.views import show_plan, show_table


def test_what_somebody_wrote_is_shown_as_text_and_never_taken_for_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_table(("said",), [("[bold]led to[/] [fd00::1]",)])
    show_plan(Console(), {"steps": ["set host: [fd00::1]"], "facts": {"loss_known_at": None}})

    shown = capsys.readouterr().out
    assert "[bold]led to[/] [fd00::1]" in shown
    assert "  - set host: [fd00::1]" in shown
    assert "loss known at: unknown" in shown
