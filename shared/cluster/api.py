"""The Kubernetes API as JSON: five verbs on named objects, pod logs, and what we may do."""

import base64
import json
from typing import Any
from urllib.parse import quote

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from shared.cluster.errors import ClusterRefused, ObjectMissing
from shared.cluster.permissions import Permission
from shared.errors import TemporaryError

Json = dict[str, Any]

PLACES = {
    "Certificate": "apis/cert-manager.io/v1/namespaces/{}/certificates",
    "Application": "apis/argoproj.io/v1alpha1/namespaces/{}/applications",
    "ConfigMap": "api/v1/namespaces/{}/configmaps",
    "CronJob": "apis/batch/v1/namespaces/{}/cronjobs",
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "HelmRelease": "apis/helm.toolkit.fluxcd.io/v2/namespaces/{}/helmreleases",
    "IngressRoute": "apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes",
    "Job": "apis/batch/v1/namespaces/{}/jobs",
    "Kustomization": "apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{}/kustomizations",
    "LimitRange": "api/v1/namespaces/{}/limitranges",
    "Namespace": "api/v1/namespaces",
    "NetworkPolicy": "apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "PostgresCluster": "apis/postgresql.cnpg.io/v1/namespaces/{}/clusters",
    "Pod": "api/v1/namespaces/{}/pods",
    "ResourceQuota": "api/v1/namespaces/{}/resourcequotas",
    "RoleBinding": "apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "SelfSubjectAccessReview": "apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "Secret": "api/v1/namespaces/{}/secrets",
    "SelfSubjectReview": "apis/authentication.k8s.io/v1/selfsubjectreviews",
    "Service": "api/v1/namespaces/{}/services",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
}

_TIMEOUT_SECONDS = (2, 5)
"""To connect, and to answer: a lost region must not hold up what saves us from it."""

_AT_ONCE_SECONDS = (1, 1)

_RETRIES = Retry(connect=0, read=1)
"""A connection that was kept may have been closed meanwhile: that is tried once more."""

_AKS = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
"""The Entra application that every AKS cluster takes tokens of."""


class Conflict(TemporaryError):
    """The object has changed since it was read, or exists already."""


class NotNow(ClusterRefused):
    """The object is not in a state in which it can be asked this."""


class Api:
    """One cluster. Raises ObjectMissing, Conflict, ClusterRefused, and TemporaryError when the
    cluster is out of reach or overloaded.

    The client's generated classes are passed by: they know no custom resources, and drop the
    fields of objects that they do not know, which a replacement would then delete.
    """

    def __init__(
        self, url: str | None, *, ca: str | None = None, credential: TokenCredential | None = None
    ) -> None:
        self._url = url
        self._ca = ca
        self._credential = credential
        self._connected: client.ApiClient | None = None

    def read(self, kind: str, namespace: str, name: str) -> Json:
        return self._json("GET", kind, namespace, name)

    def list(self, kind: str, namespace: str, labels: str) -> list[Json]:
        """The objects that a label selector matches."""
        found = self._json("GET", kind, namespace, query={"labelSelector": labels})
        items: list[Json] = found["items"]
        return items

    def create(self, kind: str, namespace: str, body: Json) -> Json:
        return self._json("POST", kind, namespace, body=body)

    def replace(self, kind: str, namespace: str, body: Json) -> Json:
        """Write an object that was read before; Conflict when somebody else has meanwhile."""
        return self._json("PUT", kind, namespace, body["metadata"]["name"], body=body)

    def replace_status(self, kind: str, namespace: str, body: Json) -> Json:
        """The same for an object's status, which ``replace`` leaves as it is."""
        name = f"{body['metadata']['name']}/status"
        return self._json("PUT", kind, namespace, name, body=body)

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object and what it owns, if it is there."""
        try:
            self._json(
                "DELETE", kind, namespace, name, query={"propagationPolicy": "Background"}, body={}
            )
        except ObjectMissing:
            return

    def log(self, namespace: str, pod: str, lines: int) -> str:
        """The last lines that the pod's container wrote; empty while it has not started."""
        query = {"tailLines": str(lines)}
        try:
            data = self._request("GET", "Pod", namespace, f"{pod}/log", query)
        except (NotNow, ObjectMissing):
            return ""
        return data.decode(errors="replace")

    def greet(self) -> None:
        """Raises TemporaryError when the API server does not answer at once."""
        self._send("GET", "/version", "its version", timeout=_AT_ONCE_SECONDS)

    def may(self, namespace: str, permission: Permission) -> bool:
        """Whether whoever we are may do this; every identity may ask it about itself."""
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": permission.in_namespace(namespace)},
        }
        answer = self._json("POST", "SelfSubjectAccessReview", namespace, body=body)
        allowed: bool = answer["status"]["allowed"]
        return allowed

    def identity(self) -> str:
        """Who we are to the cluster; every identity may ask it about itself."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = self._json("POST", "SelfSubjectReview", "", body=body)
        return str(answer["status"]["userInfo"]["username"])

    def _json(
        self,
        verb: str,
        kind: str,
        namespace: str,
        name: str = "",
        *,
        query: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> Json:
        answer: Json = json.loads(self._request(verb, kind, namespace, name, query, body))
        return answer

    def _request(
        self,
        verb: str,
        kind: str,
        namespace: str,
        name: str,
        query: dict[str, str] | None = None,
        body: Json | None = None,
    ) -> bytes:
        what = f"{kind} {namespace}/{name}".rstrip("/")
        path = "/" + "/".join(filter(None, (PLACES[kind].format(quote(namespace)), name)))
        return self._send(verb, path, what, query, body)

    def _send(
        self,
        verb: str,
        path: str,
        what: str,
        query: dict[str, str] | None = None,
        body: Json | None = None,
        *,
        timeout: tuple[int, int] = _TIMEOUT_SECONDS,
    ) -> bytes:
        try:
            api = self._client()
            method, url, headers, content, _ = api.param_serialize(
                verb,
                path,
                query_params=list((query or {}).items()),
                header_params={"Accept": "*/*", "Content-Type": "application/json"},
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = api.call_api(method, url, headers, content, _request_timeout=timeout)
            data: bytes = answer.read()
        except ApiException as error:
            raise TemporaryError(f"The cluster did not answer: {error.reason}.") from None
        except HTTPError as error:
            raise TemporaryError(f"The cluster is out of reach: {type(error).__name__}.") from None
        except AzureError as error:
            said = f"Entra ID gave no token for the cluster: {type(error).__name__}."
            raise TemporaryError(said) from None
        _refuse(answer.status, what, data)
        return data

    def _client(self) -> client.ApiClient:
        if self._connected is None:
            found = _configuration(self._url)
            if self._credential is not None:
                _sign_in(found, self._ca, self._credential)
            found.retries = _RETRIES
            self._connected = client.ApiClient(found)
        return self._connected


def _configuration(url: str | None) -> client.Configuration:
    """The given API server, the cluster that we run in, or the current context of kubectl."""
    if url:
        return client.Configuration(host=url)
    found = client.Configuration()
    try:
        config.load_incluster_config(client_configuration=found)
    except config.ConfigException:
        try:
            config.load_kube_config(client_configuration=found)
        except config.ConfigException as error:
            raise ClusterRefused(
                "No cluster is configured: set SIGNALBOX_KUBERNETES_URL, run inside a cluster, or "
                f"provide a kubeconfig ({error})."
            ) from None
    return found


def _sign_in(found: client.Configuration, ca: str | None, credential: TokenCredential) -> None:
    """Send a token with each request; the credential keeps it until shortly before it expires."""

    def renew(configuration: client.Configuration) -> None:
        configuration.api_key["BearerToken"] = f"Bearer {credential.get_token(_AKS).token}"

    if ca:
        found.ca_cert_data = base64.b64decode(ca).decode()
    found.refresh_api_key_hook = renew  # type: ignore[assignment]
    renew(found)


def _refuse(status: int, what: str, data: bytes) -> None:
    if status < 400:
        return
    said = _message(data)
    if status == 404:
        raise ObjectMissing(f"The cluster has no {what} ({said}).")
    if status == 409:
        raise Conflict(f"{what} has changed meanwhile ({said}).")
    if status == 429 or status >= 500:
        raise TemporaryError(f"The cluster could not serve {what}: {status} {said}")
    raise (NotNow if status == 400 else ClusterRefused)(
        f"The cluster refuses {what}: {status} {said}; check the identity's role in the namespace."
    )


def _message(data: bytes) -> str:
    """What the API server says went wrong; it names objects and fields, not their values."""
    try:
        status: Json = json.loads(data)
    except ValueError:
        return "no reason given"
    return str(status.get("message", "no reason given"))
