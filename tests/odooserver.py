"""Odoo's JSON-RPC over a real database: who may log in is what ``res_users`` says."""

import base64
from collections.abc import Mapping
from typing import Any

import psycopg

from shared.odoo.administrator import hash_password
from tests.jsonserver import JsonServer


class OdooServer(JsonServer):
    """Answers as Odoo 17 and 18 do."""

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.dsn = dsn
        self.refuse: list[tuple[int, Any]] = []
        """What is answered first, before it works."""

    def answer(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],  # noqa: ARG002
        body: Any,
    ) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse.pop(0)
        if (verb, path) != ("POST", "/jsonrpc"):
            return 404, {}
        asked = body["params"]
        try:
            result = self._dispatch(asked["service"], asked["method"], *asked["args"])
        except psycopg.Error as error:
            name = f"psycopg2.{type(error).__name__}"
            data = {"name": name, "message": str(error), "debug": "Traceback"}
            said = {"code": 200, "message": "Odoo Server Error", "data": data}
            return 200, {"jsonrpc": "2.0", "id": body["id"], "error": said}
        return 200, {"jsonrpc": "2.0", "id": body["id"], "result": result}

    def _dispatch(self, service: str, method: str, database: str, *args: Any) -> Any:
        with psycopg.connect(self.dsn, dbname=database) as connection:
            if (service, method) == ("common", "authenticate"):
                login, password, _ = args
                return _user(connection, "login", login, password)
            number, password, model, called, [[id], fields] = args
            assert (method, model, called, fields) == ("execute_kw", "res.users", "read", ["login"])
            assert _user(connection, "id", number, password)
            rows = connection.execute("select login from res_users where id = %s", [id])
            return [{"id": id, "login": login} for (login,) in rows]


def _user(
    connection: psycopg.Connection[Any], column: str, value: object, password: str
) -> int | bool:
    row = connection.execute(
        f"select id, password from res_users where active and {column} = %s".encode(), [value]
    ).fetchone()
    if row is None or row[1] is None:
        return False
    _, scheme, rounds, salt, _ = row[1].split("$")
    assert scheme == "pbkdf2-sha512"
    padded = salt.replace(".", "+") + "=" * (-len(salt) % 4)
    same = hash_password(password, base64.b64decode(padded), int(rounds)) == row[1]
    return row[0] if same else False
