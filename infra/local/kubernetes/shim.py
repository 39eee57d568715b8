"""Run a container's process as a group of its own, which ends when the emulator does.

``python -I -S shim.py COMMAND...`` is run by path and with a pipe as standard input whose other end
only the emulator holds. However the emulator ends, the pipe closes. A parent-death signal would
reach the command only, not the processes it has started. Exits as the command did, with 128 + N
after signal N.
"""

import os
import signal
import subprocess
import sys
import threading

_GRACE_SECONDS = 1.0
_CANNOT_START = 128


def main(command: list[str]) -> int:
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]!r}: {error.strerror}\n")
        return _CANNOT_START
    threading.Thread(target=_end_with_pipe, args=(process,), daemon=True).start()
    code = process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _end_with_pipe(process: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1):
        pass
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal_group(process.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
