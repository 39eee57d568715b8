"""Let Microsoft's worker index a function app, and call functions of it.

``worker.py RUNTIME_FOLDER APP_FOLDER INVOCATIONS`` writes ``{"functions": {name: [raw binding]},
"answers": [...]}`` or ``{"failure": text}``. An invocation is ``{"function", "argument", "data",
"metadata"}``; data is what the host puts into the protocol's TypedData: ``{"bytes" | "string" |
"json" | "http": value}``. A process of its own, because the worker keeps its state in module
globals. The settings are its environment.
"""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any
from uuid import uuid4


class Message(SimpleNamespace):
    """Stands for any protobuf message: keeps the fields it is given."""

    Success, Failure = "Success", "Failure"
    undefined, out, inout = 0, 1, 2  # of BindingInfo

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - protobuf's name
        """The field that is set, of messages that have but one group and a name."""
        assert group in ("data", "rpc_data"), group
        return next((field for field in vars(self) if field != "name"), None)


class Protos:
    """The namespace of messages that the worker fills; every name is a message."""

    def __getattr__(self, name: str) -> type[Message]:
        return Message


def typed(data: dict[str, Any]) -> Message:
    """What the protocol calls TypedData."""
    [(kind, value)] = data.items()
    if kind == "bytes":
        return Message(bytes=value.encode())
    if kind == "http":
        body = Message(bytes=value.get("body", "").encode())
        return Message(http=Message(**{"params": {}, "query": {}} | value | {"body": body}))
    return Message(**{kind: value})


async def serve(app_folder: str, invocations: list[dict[str, Any]]) -> dict[str, Any]:
    """Initialise the worker for the folder, ask what it has found, and have it called."""
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
    found = (await functions_metadata_request(None)).function_metadata_results
    ids = {function.name: function.function_id for function in found}
    return {
        "functions": {function.name: list(function.raw_bindings) for function in found},
        "answers": [await invoke(ids[asked["function"]], asked) for asked in invocations],
    }


async def invoke(function_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Load a function and call it once, as the host does."""
    from azure_functions_runtime import (  # noqa: PLC0415 - only importable in this process
        function_load_request,
        invocation_request,
    )

    load = Message(function_id=function_id)
    await function_load_request(Message(request=Message(function_load_request=load)))
    called = Message(
        invocation_id=str(uuid4()),
        function_id=function_id,
        input_data=[Message(name=asked["argument"], data=typed(asked["data"]))],
        trigger_metadata={key: typed(value) for key, value in asked.get("metadata", {}).items()},
        trace_context=Message(trace_parent="", trace_state="", attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0, exception=None),
    )
    answer = await invocation_request(Message(request=Message(invocation_request=called)))
    if answer.result.status != Message.Success:
        return {"failure": answer.result.exception.message}
    if answer.return_value is None:
        return {"status": None}
    http = answer.return_value.http
    return {"status": http.status_code, "body": http.body.bytes.decode()}


if __name__ == "__main__":
    runtime_folder, app_folder, invocations = sys.argv[1:]
    sys.path[:0] = [runtime_folder, app_folder]
    found = asyncio.run(serve(app_folder, json.loads(invocations)))
    sys.stdout.write(f"\n{json.dumps(found)}\n")
