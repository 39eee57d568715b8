"""``signalbox``: trigger, watch and look after runs; and the embedded platform on this machine.

Exit status: 0 as asked, 1 a run did not succeed or a check failed, 2 it cannot be done as asked.
"""

import sys
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
from psycopg import OperationalError

from shared.bus import BusOutOfReach
from shared.errors import StepError
from shared.estate import EstateInvalid
from shared.ledger.migrate import LedgerTooNew
from signalbox.errors import Unusable
from signalbox.loading import LoadedWhenUsed
from signalbox.session import Session, profile_file

app = typer.Typer(
    cls=LoadedWhenUsed,
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # typer's own show variables, hence secrets
    help="Event-driven automation for fleets of Odoo environments on Azure.",
)


@app.callback()
def options(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            help="A local.settings.json. Default: the environment, else the embedded platform."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            envvar="SIGNALBOX_PROFILE",
            help="Name of a local.settings.json in the folder that your system has for settings.",
        ),
    ] = None,
) -> None:
    """What all commands have in common."""
    if settings and profile:
        raise Unusable("--settings and --profile name two deployments: give one of them")
    file = profile_file(profile) if profile else settings
    context.obj = lru_cache(partial(Session.of, file))


def main() -> None:
    """Run the command line; every end is an exit status."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app()
    except BusOutOfReach as error:
        _refuse(
            f"{error}; whether anything was sent is not known: `signalbox doctor` looks at the "
            "bus, `signalbox events list` at what arrived"
        )
    except (Unusable, StepError, EstateInvalid, LedgerTooNew) as error:
        _refuse(str(error))
    except OperationalError as error:
        _refuse(f"{str(error).splitlines()[0]}: `signalbox doctor` looks at every server")


def _refuse(why: str) -> NoReturn:
    typer.echo(f"signalbox: {why}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
