"""What the numbers were measured on."""

import os
import platform
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    python: str
    system: str
    cpus: int
    load: float
    """Processes that wanted a CPU, on average over the last minute."""

    @classmethod
    def here(cls) -> "Machine":
        return cls(
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
            cpus=os.cpu_count() or 1,
            load=round(os.getloadavg()[0], 2),
        )
