"""Let Microsoft's worker index a function app: ``indexing.py RUNTIME_FOLDER APP_FOLDER``.

Writes ``{"functions": {name: [raw binding, ...]}}`` or ``{"failure": text}``. A process of its own,
because the worker keeps its state in module globals. The settings are its environment.
"""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any


class Message(SimpleNamespace):
    """Stands for any protobuf message: keeps the fields it is given."""

    Success, Failure = "Success", "Failure"
    undefined, out, inout = 0, 1, 2  # of BindingInfo


class Protos:
    """The namespace of messages that the worker fills; every name is a message."""

    def __getattr__(self, name: str) -> type[Message]:
        return Message


async def index(app_folder: str) -> dict[str, Any]:
    """Initialise the worker for the folder and ask what it has found."""
    from azure_functions_runtime import (  # noqa: PLC0415 - only importable in this process
        functions_metadata_request,
        worker_init_request,
    )

    init = SimpleNamespace(capabilities={}, function_app_directory=app_folder)
    started = await worker_init_request(
        SimpleNamespace(
            request=SimpleNamespace(worker_init_request=init),
            properties={"host": "127.0.0.1", "protos": Protos()},
        )
    )
    if started.result.status != Message.Success:
        return {"failure": started.result.exception.message}
    found = await functions_metadata_request(None)
    return {
        "functions": {
            function.name: list(function.raw_bindings)
            for function in found.function_metadata_results
        }
    }


if __name__ == "__main__":
    runtime_folder, app_folder = sys.argv[1:]
    sys.path[:0] = [runtime_folder, app_folder]
    json.dump(asyncio.run(index(app_folder)), sys.stdout)
