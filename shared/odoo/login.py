"""A login that is really tried: through ingress, Odoo and its database, as people's are.

The protocol is Odoo's JSON-RPC (``/jsonrpc``: ``common.authenticate``, ``object.execute_kw``), as
Odoo 17 and 18 answer it; later versions only while ``rpc.use_deprecated_services`` is set.
"""

import json
import time
from datetime import timedelta
from typing import Any

import urllib3
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError, TimeoutError

from shared.errors import PermanentError, TemporaryError
from shared.estate import Environment, Secrets

PATIENCE = timedelta(seconds=10)
"""For all tries together, and for each of a try's two requests."""

BETWEEN_TRIES = timedelta(seconds=0.25)
LONGEST_ANSWER = 1_000_000

_pool = urllib3.PoolManager(retries=False)


class OdooSilent(TemporaryError):
    """Odoo does not answer as when it works: look at ingress, certificate, pods, database."""


class LoginRefused(PermanentError):
    """Odoo answers and does not let the user in who was made for that."""


def log_in(
    environment: Environment, secrets: Secrets, patience: timedelta = PATIENCE
) -> str | None:
    """Log in as the environment's ``try_login`` and read that user; says in words that it worked.

    None when the estate names no login. Whoever does not answer is asked again until ``patience``
    is over. Raises LoginRefused, OdooSilent, SecretMissing.
    """
    login = environment.try_login
    if login is None:
        return None
    url = login.url or environment.endpoints[0].base_url
    password = secrets.resolve(login.password)
    began = time.monotonic()
    for attempt in Retrying(
        retry=retry_if_exception_type(OdooSilent),
        stop=stop_after_delay(patience),
        wait=wait_fixed(BETWEEN_TRIES),
        reraise=True,
    ):
        with attempt:
            odoo = _Odoo(url, environment.database.name, patience)
            odoo.read_user(login.user, password)
    return f"{login.user} logged in at {url} within {time.monotonic() - began:.1f} s"


class _Odoo:
    """One database of one Odoo."""

    def __init__(self, url: str, database: str, patience: timedelta) -> None:
        self._url = url
        self._database = database
        self._patience = patience

    def read_user(self, user: str, password: str) -> None:
        """Authenticate, and read what no one reads who is not logged in."""
        number = self._call("common", "authenticate", user, password, {})
        if not isinstance(number, int) or number is False:
            raise LoginRefused(
                f"{self._url} does not let {user} into database {self._database}: its password, or "
                "the user, is not what the estate says"
            )
        found = self._call(
            "object", "execute_kw", number, password, "res.users", "read", [[number], ["login"]]
        )
        if found != [{"id": number, "login": user}]:
            raise OdooSilent(f"{self._url} let {user} in, and does not show that user its own name")

    def _call(self, service: str, method: str, *args: object) -> Any:
        parameters = {"service": service, "method": method, "args": [self._database, *args]}
        question = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": parameters}
        answer = self._post(json.dumps(question).encode())
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        name = str((error.get("data") or {}).get("name") or error.get("message"))
        if name.endswith("AccessDenied"):
            return False
        # Not its own message: that can quote values of the database.
        raise OdooSilent(f"{self._url} fails at {service}.{method}: {name}; see Odoo's log")

    def _post(self, body: bytes) -> dict[str, Any]:
        try:
            answer = _pool.request(
                "POST",
                f"{self._url}/jsonrpc",
                body=body,
                headers={"content-type": "application/json", "user-agent": "signalbox"},
                timeout=self._patience.total_seconds(),
                redirect=False,
                preload_content=False,
            )
            said = answer.read(LONGEST_ANSWER)
        except SSLError as error:
            raise OdooSilent(f"{self._url}: its certificate is not accepted: {error}") from None
        except NewConnectionError:
            raise OdooSilent(f"{self._url} is not reached: nobody listens there") from None
        except TimeoutError:
            seconds = self._patience.total_seconds()
            raise OdooSilent(f"{self._url} does not answer within {seconds:g} s") from None
        except HTTPError as error:
            raise OdooSilent(f"{self._url} is not reached: {type(error).__name__}") from None
        if answer.status != 200:
            raise OdooSilent(f"{self._url} answers HTTP {answer.status} at /jsonrpc")
        return _parsed(self._url, said)


def _parsed(url: str, said: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not {"result", "error"} & answer.keys():
        raise OdooSilent(f"{url}/jsonrpc is answered by something that is not Odoo")
    return answer
