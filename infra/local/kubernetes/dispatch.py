"""From an HTTP request to the call that answers it."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from infra.local.kubernetes import access
from infra.local.kubernetes.api import Api, Deletion, Write
from infra.local.kubernetes.discovery import describe
from infra.local.kubernetes.logs import PodLogs
from infra.local.kubernetes.objects import APPLY_PATCHES, MERGE_PATCH, Target
from infra.local.kubernetes.selectors import Predicate, field_selector, label_selector
from infra.local.kubernetes.status import (
    Json,
    Refused,
    bad_request,
    method_not_allowed,
    unknown_path,
    unsupported_media_type,
)

_FOREVER = 1800.0
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    content_type: str
    user_agent: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer."""

    code: int
    body: Json | str


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that goes on; None among the chunks means that there is nothing to say yet."""

    content_type: str
    chunks: Iterator[bytes | None]


class Parameters(BaseModel):
    """The query parameters that are understood; others are ignored, as by the real server."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    continue_token: str = Field("", alias="continue")
    dry_run: str = ""
    field_manager: str = ""
    field_selector: str = ""
    follow: bool = False
    force: bool = False
    label_selector: str = ""
    limit: int = Field(0, ge=0)
    limit_bytes: int | None = Field(None, ge=1)
    previous: bool = False
    propagation_policy: str = ""
    resource_version: int = Field(0, ge=0)
    send_initial_events: bool = False
    tail_lines: int | None = Field(None, ge=0)
    timeout_seconds: float = Field(_FOREVER, ge=0)
    watch: bool = False


class DeletePreconditions(BaseModel):
    uid: str = ""
    resource_version: str = Field("", alias="resourceVersion")


class DeleteOptions(BaseModel):
    """The body of a DELETE, which may say the same as its query."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    dry_run: list[str] = []
    orphan_dependents: bool | None = None
    preconditions: DeletePreconditions = DeletePreconditions()
    propagation_policy: str = ""


class Dispatcher:
    """Answers requests; raises Refused for those it does not like."""

    def __init__(self, api: Api, logs: PodLogs, denied: Collection[str] = ()) -> None:
        self._api = api
        self._logs = logs
        self._denied = frozenset(denied)

    def answer(self, request: Request) -> Reply | Stream:
        parameters = _parsed(Parameters, _present(request.query))
        if request.method == "GET":
            found = describe(self._api.registry, list(request.path))
            if found is not None:
                return Reply(200, found)
        if request.path in (access.PATH, access.IDENTITY_PATH):
            return self._review(request)
        target = self._target(list(request.path))
        if not target.name:
            return self._on_collection(request, target, parameters)
        if target.subresource == "log":
            return self._log(request, target, parameters)
        if target.subresource == "scale":
            return self._on_scale(request, target, parameters)
        return self._on_object(request, target, parameters)

    def _review(self, request: Request) -> Reply:
        if request.method != "POST":
            raise method_not_allowed()
        body = _object(request)
        if request.path == access.IDENTITY_PATH:
            return Reply(201, access.identified(body))
        review = _parsed(access.AccessReview, body)
        return Reply(201, access.reviewed(body, review, self._denied))

    def _target(self, path: list[str]) -> Target:
        match path:
            case ["api", version, *rest]:
                return self._target_in("", version, rest)
            case ["apis", group, version, *rest]:
                return self._target_in(group, version, rest)
        raise unknown_path()

    def _target_in(self, group: str, version: str, rest: list[str]) -> Target:
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces" and rest[2] not in ("status", "finalize"):
            namespace, rest = rest[1], rest[2:]
        plural, name, subresource = [*rest, "", "", ""][:3]
        resource = self._api.registry.find(group, version, plural)
        if resource is None or len(rest) > 3:
            raise unknown_path()
        if subresource and subresource not in resource.subresources:
            raise unknown_path()
        if (name and resource.namespaced != bool(namespace)) or (
            namespace and not resource.namespaced
        ):
            raise unknown_path()
        return Target(resource, namespace, name, subresource)

    def _on_collection(self, request: Request, target: Target, given: Parameters) -> Reply | Stream:
        selected = _selected(target, given)
        if request.method == "GET" and given.watch:
            return self._watch(target, selected, given)
        if request.method == "GET":
            found = self._api.page(target, selected, given.limit, given.continue_token)
            return Reply(200, found)
        if request.method == "DELETE":
            deletion = _deletion(request, given)
            return Reply(200, self._api.delete_all(target, selected, deletion))
        if request.method == "POST" and bool(target.namespace) == target.resource.namespaced:
            return Reply(201, self._api.create(target, _object(request), _write(request, given)))
        raise method_not_allowed()

    def _on_object(self, request: Request, target: Target, given: Parameters) -> Reply | Stream:
        if request.method == "GET" and given.watch:
            by_name = given.model_copy(update={"field_selector": f"metadata.name={target.name}"})
            return self._watch(target, _selected(target, by_name), given)
        if request.method == "GET":
            return Reply(200, self._api.get(target))
        if request.method == "PUT":
            write = _write(request, given)
            return Reply(200, self._api.replace(target, _object(request), write))
        if request.method == "PATCH":
            return self._patch(request, target, given)
        if request.method == "DELETE" and not target.subresource:
            return Reply(200, self._api.delete(target, _deletion(request, given)))
        raise method_not_allowed()

    def _patch(self, request: Request, target: Target, given: Parameters) -> Reply:
        write = _write(request, given)
        if request.content_type not in APPLY_PATCHES:
            patch = _decoded(request)
            return Reply(200, self._api.patch(target, request.content_type, patch, write))
        if not given.field_manager:
            raise bad_request("fieldManager: Required value: is required for apply patch")
        applied, created = self._api.apply(target, _object(request), write)
        return Reply(201 if created else 200, applied)

    def _on_scale(self, request: Request, target: Target, given: Parameters) -> Reply:
        if request.method == "GET":
            return Reply(200, self._api.scale(target))
        if request.method not in ("PUT", "PATCH"):
            raise method_not_allowed()
        whole = request.method == "PUT"
        content_type = MERGE_PATCH if whole else request.content_type
        body, write = _decoded(request), _write(request, given)
        return Reply(200, self._api.set_scale(target, content_type, body, write))

    def _watch(self, target: Target, selected: Predicate, given: Parameters) -> Stream:
        if given.send_initial_events:
            raise Refused(422, "Invalid", "sendInitialEvents: Forbidden: list first, then watch")
        events = self._api.watch(target, selected, given.resource_version, given.timeout_seconds)
        return Stream("application/json", (_line(event) for event in events))

    def _log(self, request: Request, target: Target, given: Parameters) -> Reply | Stream:
        if request.method != "GET":
            raise method_not_allowed()
        pod = self._api.get(target)
        if given.previous:
            raise bad_request(f'previous terminated container in pod "{target.name}" not found')
        if given.follow:
            chunks = self._logs.follow(target, given.tail_lines)
            return Stream("text/plain", chunks)
        return Reply(200, self._logs.read(pod, given.tail_lines, given.limit_bytes))


def _present(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if value != ""}


def _parsed(model: type[Model], found: Any) -> Model:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        causes = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise bad_request("; ".join(causes)) from None


def _selected(target: Target, given: Parameters) -> Predicate:
    labels = label_selector(given.label_selector)
    fields = field_selector(target.resource.kind, given.field_selector)
    return lambda obj: labels(obj) and fields(obj)


def _write(request: Request, given: Parameters) -> Write:
    manager = given.field_manager or request.user_agent.partition("/")[0] or "unknown"
    return Write(manager, given.dry_run == "All", given.force)


def _deletion(request: Request, given: Parameters) -> Deletion:
    options = _parsed(DeleteOptions, _object(request) if request.body else {})
    policy = options.propagation_policy or given.propagation_policy
    return Deletion(
        dry_run="All" in (given.dry_run, *options.dry_run),
        orphan=policy == "Orphan" or options.orphan_dependents is True,
        uid=options.preconditions.uid,
        resource_version=options.preconditions.resource_version,
    )


def _object(request: Request) -> Json:
    body = _decoded(request)
    if not isinstance(body, dict):
        raise bad_request("the body of the request is not an object")
    return body


def _decoded(request: Request) -> Any:
    if "protobuf" in request.content_type or "cbor" in request.content_type:
        raise unsupported_media_type(request.content_type, "application/json")
    try:
        if "yaml" in request.content_type:
            return yaml.safe_load(request.body)
        return json.loads(request.body, parse_constant=_no_constant)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"the body of the request cannot be read: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _line(event: Json | None) -> bytes | None:
    return None if event is None else json.dumps(event).encode() + b"\n"
