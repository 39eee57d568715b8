"""The program of the drill Job: fetch an archive, make a pair of it, and let it fail over.

Its settings come as environment variables out of a Secret. It tells what happens in lines for
people; the last line is what it found out, as JSON. What it restores is production's data, which
lives for as long as the Job does, in a folder of the pod's own.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from pydantic_settings import SettingsConfigDict

from infra.local.sample import ImportRefused, require_odoo_dump
from shared.postgres.archives import ArchiveDamaged, ArchiveSettings, ArchiveUnreadable
from shared.postgres.restore_job import ARCHIVE_IS_WRONG, TRY_AGAIN
from signalbox.errors import Unusable
from signalbox.failover import Played, rehearse
from signalbox.stage import say


class DrillSettings(ArchiveSettings):
    """What the Job is told."""

    model_config = SettingsConfigDict(env_prefix="SIGNALBOX_DRILL_")


def drill(settings: DrillSettings) -> Played:
    """Raises ArchiveDamaged, ImportRefused; ArchiveUnreadable, Unusable, which may pass."""
    with tempfile.TemporaryDirectory(prefix="signalbox-drill-") as private:
        archive = Path(private) / "database.dump"
        settings.fetch(archive, lambda done: say("backup", f"{done / 1e6:.0f} MB are here"))
        require_odoo_dump(archive)
        return rehearse(Path(private) / "pair", archive)


def main() -> NoReturn:
    """Hold the drill; the exit code tells whether there is a result."""
    try:
        played = drill(DrillSettings())
    except (ArchiveDamaged, ImportRefused) as error:
        _end(ARCHIVE_IS_WRONG, str(error))
    except (ArchiveUnreadable, Unusable) as error:
        _end(TRY_AGAIN, str(error))
    if played.closed is None:
        _end(TRY_AGAIN, "the rehearsed failover did not succeed: its steps are in this log")
    facts = {"lost_orders": played.lost_orders, "claims_hold": played.true}
    _say({"closed": played.closed.model_dump(mode="json"), **facts})
    sys.exit(0)


def _end(code: int, reason: str) -> NoReturn:
    _say({"reason": reason})
    sys.exit(code)


def _say(facts: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
