"""Azure's management plane (Azure Resource Manager): documents, and what its refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HTTPPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

from shared.errors import PermanentError, TemporaryError

URL = "https://management.azure.com"
RETRIES = 1
"""A step is repeated by us: a client does not wait long."""

ORDER: dict[str, Any] = {"polling": False, "retry_total": RETRIES}
"""How what takes long is asked for: Azure takes minutes, and looks are how one knows."""

_CONNECT_SECONDS = 3
_READ_SECONDS = 10

Json = dict[str, Any]


class AzureOutOfReach(TemporaryError):
    """Azure's management plane did not answer, or not now."""


class AzureBusy(AzureOutOfReach):
    """Azure, or somebody else, changes the same resource at this moment."""


class AzureRefuses(PermanentError):
    """Azure's management plane does not do this for us; the message says what it said."""


@contextmanager
def asking_azure() -> Iterator[None]:
    """What Azure's SDK raises becomes AzureOutOfReach, AzureBusy or AzureRefuses."""
    try:
        yield
    except AzureError as error:
        raise _translated(error) from None


def _translated(error: AzureError) -> TemporaryError | PermanentError:
    """What a step makes of it; the texts of Azure name resources and rules, no secrets."""
    status = getattr(error, "status_code", None)
    if status in (400, 401, 403, 404):
        code = getattr(getattr(error, "error", None), "code", None) or "no code"
        return AzureRefuses(
            f"Azure refuses: HTTP {status} {code}; check the names in the estate, and that this "
            "app's identity may do that"
        )
    if status in (409, 412):
        return AzureBusy(f"Azure changes this resource already, or somebody does: {status}")
    return AzureOutOfReach(f"Azure's management plane gave no answer that counts: {status}")


class Arm:
    """Reads and writes resources as plain JSON, by their path below the management plane."""

    def __init__(
        self, url: str, sign_in: HTTPPolicy[Any, Any] | SansIOHTTPPolicy[Any, Any]
    ) -> None:
        self._client: ARMPipelineClient[HttpRequest, Any] = ARMPipelineClient(
            base_url=url,
            policies=[
                UserAgentPolicy(base_user_agent="signalbox"),
                ContentDecodePolicy(),
                # A refusal may ask for minutes (Retry-After), and a failover has not got them.
                RetryPolicy(retry_total=RETRIES, retry_status=0, retry_backoff_factor=0.2),
                sign_in,
            ],
        )

    @classmethod
    def connect(cls, credential: TokenCredential) -> Self:
        """Ask Azure as this app's own identity; nothing is asked before the first use."""
        return cls(URL, ARMChallengeAuthenticationPolicy(credential, f"{URL}/.default"))

    def read(self, path: str, version: str) -> Json:
        """A resource as it is. Raises AzureRefuses, AzureOutOfReach."""
        found: Json = self._send(HttpRequest("GET", path, params={"api-version": version}))
        return found

    def write(
        self, verb: str, path: str, version: str, body: Json, *, if_match: str | None = None
    ) -> None:
        """Replace (``PUT``) or change (``PATCH``) a resource; what takes long is only ordered.

        Raises AzureRefuses, AzureOutOfReach, and AzureBusy when it is not at the version that
        ``if_match`` names any more.
        """
        headers = {} if if_match is None else {"If-Match": if_match}
        parameters = {"api-version": version}
        self._send(HttpRequest(verb, path, params=parameters, headers=headers, json=body))

    def _send(self, request: HttpRequest) -> Any:
        request.url = self._client.format_url(request.url)
        with asking_azure():
            answer = self._client.send_request(
                request, connection_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS
            )
            answer.raise_for_status()
            return answer.json() if answer.content else None
