"""How the API server says no: the Status object of Kubernetes, as an exception."""

from typing import Any

from infra.local.kubernetes.resources import Resource

Json = dict[str, Any]


class Refused(Exception):
    """The request is answered with this Status instead of a result."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details or {},
            "code": code,
        }


def bad_request(message: str) -> Refused:
    return Refused(400, "BadRequest", message)


def unknown_path() -> Refused:
    return Refused(404, "NotFound", "the server could not find the requested resource")


def not_found(resource: Resource, name: str) -> Refused:
    message = f'{resource.qualified} "{name}" not found'
    return Refused(404, "NotFound", message, _details(resource, name))


def already_exists(resource: Resource, name: str) -> Refused:
    message = f'{resource.qualified} "{name}" already exists'
    return Refused(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> Refused:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return Refused(409, "Conflict", message, _details(resource, name))


def method_not_allowed() -> Refused:
    message = "the server does not allow this method on the requested resource"
    return Refused(405, "MethodNotAllowed", message)


def unsupported_media_type(content_type: str, accepted: str) -> Refused:
    message = (
        f"the body of the request was in an unknown format {content_type!r}"
        f" - accepted media types include: {accepted}"
    )
    return Refused(415, "UnsupportedMediaType", message)


def invalid(resource: Resource, name: str, causes: list[tuple[str, str]]) -> Refused:
    """Refuse an object that is well-formed but wrong; ``causes`` are (field, message) pairs."""
    found = ", ".join(f"{field}: {message}" for field, message in causes)
    details = _details(resource, name) | {
        "kind": resource.kind,
        "causes": [
            {"reason": "FieldValueInvalid", "field": field, "message": message}
            for field, message in causes
        ],
    }
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    return Refused(422, "Invalid", f'{kind} "{name}" is invalid: {found}', details)


def _details(resource: Resource, name: str) -> Json:
    return {"name": name, "group": resource.group, "kind": resource.plural}
