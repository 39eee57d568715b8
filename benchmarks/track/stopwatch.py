"""How long each delivery took, and when a chain came to its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter


class Stopwatch:
    """Filled by the threads that handle messages, read between two rounds."""

    def __init__(self) -> None:
        self.deliveries: list[float] = []
        """Seconds from a handler's call to its return."""
        self.arrived: Callable[[], object] = bool
        """Called when the last step of a chain is done."""

    @contextmanager
    def timing(self, *, last: bool) -> Iterator[None]:
        """Time the delivery in the block; ``last`` when a chain ends with it."""
        start = perf_counter()
        yield
        self.deliveries.append(perf_counter() - start)
        if last:
            self.arrived()
