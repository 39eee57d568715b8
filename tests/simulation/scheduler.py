"""Several processes in one: threads, one of which moves at a time, in an order a seed decides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Semaphore, Thread


class Crash(BaseException):
    """The process dies here. No handler of ours may catch it."""


@dataclass
class Process:
    """One invocation of a function, as the host runs it."""

    name: str
    work: Callable[[], None]
    go: Semaphore = field(default_factory=lambda: Semaphore(0))
    error: BaseException | None = None
    over: bool = False


class Scheduler:
    """Runs processes until their next point, chosen at random; may kill them there."""

    def __init__(self, random: Random, crash: Callable[[int], bool]) -> None:
        self._random = random
        self._crash = crash
        self._back = Semaphore(0)
        self._running: Process | None = None
        self.processes: list[Process] = []
        self.points = 0
        self.trace: list[str] = []

    def start(self, name: str, work: Callable[[], None]) -> Process:
        process = Process(name, work)
        Thread(target=self._run, args=(process,), name=name, daemon=True).start()
        self.processes.append(process)
        return process

    def _run(self, process: Process) -> None:
        process.go.acquire()
        try:
            process.work()
        except BaseException as error:  # noqa: BLE001 - a crash is what this is about
            process.error = error
        process.over = True
        self._back.release()

    def step(self) -> Process:
        """Let one process move to its next point; return it."""
        process = self._random.choice(self.processes)
        self._running = process
        process.go.release()
        self._back.acquire()
        self._running = None
        if process.over:
            self.processes.remove(process)
            if process.error is not None:
                raise AssertionError(f"{process.name} broke") from process.error
        return process

    def point(self, what: str, *, switch: bool = True) -> None:
        """A place where a process may be killed, and, with ``switch``, where others may move."""
        process = self._running
        if process is None:
            return
        self.points += 1
        self.trace.append(f"{self.points:5} {process.name}: {what}")
        if self._crash(self.points):
            self.trace.append(f"{self.points:5} {process.name}: CRASH at {what}")
            raise Crash(what)
        if switch:
            self._back.release()
            process.go.acquire()
            self._running = process
