"""Child processes that end with us, and the small things every embedded part needs around them."""

import atexit
import fcntl
import functools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import IO, Self

import psutil

BLOCKS = [range(first, first + 60) for first in range(20_000, 32_000, 60)]
"""Of ports; a process takes its own from one of them."""

TETHER = Path(__file__).with_name("tether.py")


class PartFailed(RuntimeError):
    """An embedded part did not start; the message ends with what it wrote last."""


class FolderInUse(RuntimeError):
    """Another live process keeps its state in this folder: stop it, or use another folder."""


@dataclass(frozen=True)
class Identity:
    """Who a child process runs as; ``tether.py`` explains the three ways."""

    how: str
    uid: int = 0
    gid: int = 0

    def __str__(self) -> str:
        return f"{self.how}:{self.uid}:{self.gid}" if self.uid else self.how


SAME = Identity("same")


@functools.cache
def unprivileged(program: Path, folder: Path) -> Identity:
    """Return who a program that refuses root can run as: able to read it and to write ``folder``.

    A user namespace is preferred because files stay the caller's own. Containers often forbid it,
    and in it root cannot read what belongs to others; then root changes to an account for good.
    """
    if os.geteuid() != 0:
        return SAME
    refusals = []
    for identity in [Identity(how, *_account()) for how in ("namespace", "account")]:
        refusal = _refusal(identity, program, folder)
        if refusal is None:
            return identity
        refusals.append(f"{identity.how}: {refusal}")
    raise PartFailed(
        f"{program.name} does not run as root, and here root can neither use a user namespace nor "
        f"become another account ({'; '.join(refusals)}). Run as an ordinary user."
    )


def _refusal(identity: Identity, program: Path, folder: Path) -> str | None:
    """Try to run the program and to make a folder; return what was said if that failed."""
    probe = folder / "probe"
    mkdir = shutil.which("mkdir") or "/bin/mkdir"
    try:
        for command in ((program, "--version"), (mkdir, probe)):
            trial = spawn(command, identity=identity, output=subprocess.PIPE)
            said = trial.communicate()[0].decode(errors="replace").splitlines()
            if trial.returncode != 0:
                return said[-1] if said else f"{command[0]} failed"
    finally:
        with suppress(FileNotFoundError):
            probe.rmdir()
    return None


def _account() -> tuple[int, int]:
    """Return the ids of ``nobody``, or of any account but root; initdb wants one with a name."""
    accounts = sorted(pwd.getpwall(), key=lambda entry: entry.pw_name != "nobody")
    chosen = next((entry for entry in accounts if entry.pw_uid != 0), None)
    if chosen is None:
        raise PartFailed("PostgreSQL does not run as root, and this machine has no other account.")
    return chosen.pw_uid, chosen.pw_gid


@functools.cache
def _spawner() -> ThreadPoolExecutor:
    """Return the one thread that starts children, which lives as long as this process.

    Linux sends the parent-death signal when the *thread* that started the child ends.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def spawn(
    command: Sequence[Path | str],
    *,
    identity: Identity = SAME,
    death_signal: signal.Signals = signal.SIGTERM,
    output: int | IO[bytes] = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own; it gets ``death_signal`` should this process die.

    The session keeps a terminal's Ctrl-C away from it: the parent decides the order of stopping.
    """
    tether = [sys.executable, "-I", "-S", TETHER, os.getpid(), death_signal.value, identity]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(word) for word in (*tether, *command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )

    return _spawner().submit(start).result()


def end(
    process: subprocess.Popen[bytes],
    first: signal.Signals = signal.SIGTERM,
    *,
    grace: float = 10.0,
) -> None:
    """Ask a child to stop, insist after ``grace`` seconds, and reap it."""
    for request in (first, signal.SIGKILL):
        with suppress(ProcessLookupError):
            process.send_signal(request)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
            return


class Child:
    """One child process that logs into ``folder/NAME.log`` and notes who it is in ``NAME.pid``.

    The note ends a process that a crash of ours left behind where no signal reaches it.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the process wrote."""
        return self.folder / f"{self.name}.log"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(
        self,
        command: Sequence[Path | str],
        port: int,
        *,
        ready: Callable[[], bool] = lambda: True,
        seconds: float = 30,
        death_signal: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command; return when it listens on ``port`` and ``ready()`` agrees.

        Raises PartFailed when the port is taken or the process ends before that.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        if not _becomes_free(port):
            raise PartFailed(f"{self.name}: port {port} is taken. End what listens there.")
        with self.log.open("ab") as log:
            self._process = spawn(
                command, death_signal=death_signal, output=log, environment=environment
            )
        self._note.write_text(f"{self._process.pid} {_born(self._process.pid)}")
        wait_until(
            lambda: self._alive() and listens(port) and ready(),
            seconds=seconds,
            waiting_for=self.name,
        )

    def stop(self) -> None:
        """Ask the process to end and wait for it. Harmless when it does not run."""
        self._finish(signal.SIGTERM)

    def kill(self) -> None:
        """End the process without a warning. Harmless when it does not run."""
        self._finish(signal.SIGKILL)

    @property
    def _note(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def _finish(self, request: signal.Signals) -> None:
        if self._process is not None:
            end(self._process, request)
            self._process = None
        self._note.unlink(missing_ok=True)

    def _alive(self) -> bool:
        if not self.running:
            raise PartFailed(f"{self.name} ended while starting. It said:\n{tail(self.log)}")
        return True

    def _end_leftover(self) -> None:
        if not self._note.exists():
            return
        pid, _, born = self._note.read_text().partition(" ")
        if pid.isdigit() and born and born == _born(int(pid)):
            leftover = psutil.Process(int(pid))
            with suppress(psutil.NoSuchProcess):
                leftover.kill()
            wait_until(
                lambda: not works(leftover), seconds=10, waiting_for=f"an old {self.name} to end"
            )


def _born(pid: int) -> str:
    """Say when a process began: with its number that makes it unique. Empty when there is none."""
    try:
        return repr(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return ""


def works(process: psutil.Process) -> bool:
    """Say whether a process still holds anything; a zombie waits for nothing but its parent."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def listens(port: int) -> bool:
    """Say whether a server answers on this port of 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until(ready: Callable[[], bool], *, seconds: float, waiting_for: str) -> None:
    """Return when ``ready()`` is true; raise PartFailed when it is not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise PartFailed(f"Waited {seconds:g} s for {waiting_for}, in vain.")
        time.sleep(0.02)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at this moment, nor is about to: no
    other process of this user is given it while this one lives.

    It lies below the range from which systems take ports for outgoing connections, so that a server
    finds it free again after a restart.
    """
    return next(port for port in islice(_own_ports(), 1000) if is_free(port))


@functools.cache
def _own_ports() -> Iterator[int]:
    """The ports of a block that this process has claimed, round and round."""
    claims = Path(tempfile.gettempdir()) / f"signalbox-ports-{os.getuid()}"
    for block in random.sample(BLOCKS, len(BLOCKS)):
        claim = FolderLock(claims / str(block.start))
        with suppress(FolderInUse):
            claim.acquire()
            atexit.register(claim.release)
            break
    return cycle(random.sample(block, len(block)))


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _becomes_free(port: int) -> bool:
    """Wait a little: the last child of a killed server, or a look for free ports, holds one on."""
    with suppress(PartFailed):
        wait_until(lambda: is_free(port), seconds=3, waiting_for=f"port {port}")
    return is_free(port)


def tail(path: Path, lines: int = 12) -> str:
    """Return the last lines of a log, or an empty text when there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def write_private(path: Path, text: str) -> None:
    """Replace a file in one move, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(text)
    fresh.replace(path)


class FolderLock:
    """The exclusive use of a folder by one process; the kernel gives it back however that ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock or raise FolderInUse, naming the process that holds it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise FolderInUse(
                f"{self._path.parent} is in use by process {holder}. Stop that first, "
                "or use another folder."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the folder back; harmless when it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
