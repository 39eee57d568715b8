"""Call a function with what its trigger delivered: one place for threads, the loop and results."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from infra.local.host.app import LoadedFunction


class ResultUnexpected(Exception):
    """A function without a return binding returned a value; Azure fails such an invocation."""


class HandlerExited(Exception):
    """A handler tried to end the process; only its own call fails."""


class Invoker:
    """Runs ``def`` handlers on the calling thread, ``async def`` ones on a loop they share."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="functions-loop", daemon=True
        )

    def start(self) -> None:
        """Start the loop of the ``async def`` handlers."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Cancel what still runs on the loop and end it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def invoke(self, function: LoadedFunction, data: Datum, metadata: Mapping[str, Datum]) -> Any:
        """Decode the data with azure-functions' own converter, call the handler, return its result.

        Blocks until an ``async def`` handler is done. Whatever the handler raises comes through.
        """
        converter = func.get_binding_registry().get(function.binding_type)
        value = converter.decode(data, trigger_metadata=metadata)
        try:
            result = function.handler(**{function.argument: value})
            if function.is_async:
                return asyncio.run_coroutine_threadsafe(result, self._loop).result()
        except SystemExit as error:  # would end the trigger's thread, and with it the function
            raise HandlerExited(f"{function.name} called sys.exit({error.code})") from error
        return result

    def notify(self, function: LoadedFunction, data: Datum, metadata: Mapping[str, Datum]) -> None:
        """Invoke a function that has nothing to return."""
        if self.invoke(function, data, metadata) is not None:
            raise ResultUnexpected(f"{function.name} returned a value, but has no return binding")

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._ready.set()
        await self._stopped.wait()
