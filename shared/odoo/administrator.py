"""The one login of a clone that somebody knows: Odoo's administrator, with a password of ours."""

import base64
import hashlib
import secrets
from typing import LiteralString

from shared.errors import PermanentError
from shared.odoo.clone import Clone
from shared.postgres.asking import value
from shared.postgres.marker import Database, require_clone

ROUNDS = 600_000
"""Rounds of PBKDF2, as Odoo 17 and 18 use them."""

_LOGIN: LiteralString = """
update res_users set active = true, password = %s,
    login = case when exists (select from res_users u where u.login = 'admin')
                 then login else 'admin' end
where id in (select res_id from ir_model_data
             where model = 'res.users' and module = 'base' and name = 'user_admin')
returning login
"""


class NoAdministrator(PermanentError):
    """The database has no user that Odoo knows as its administrator, so none gets a password."""


def set_administrator(connection: Database, clone: Clone, password: str) -> str:
    """Let Odoo's administrator log in with this password, and return the login: ``admin``.

    If another user is called so, the administrator's own, masked login stays. Only the hash is
    sent. Repeating it sets the password again, with another salt.

    Raises NotAClone, StaleEpoch, NoAdministrator.
    """
    with connection.transaction():
        require_clone(connection, run_id=clone.run_id, epoch=clone.epoch)
        hashed = hash_password(password, secrets.token_bytes(16))
        login = value(connection, _LOGIN, hashed)
        if login is None:
            raise NoAdministrator(
                f"database {connection.info.dbname} has no user base.user_admin: remove "
                "admin_password from the environment, or restore a backup that has one"
            )
        return str(login)


def hash_password(password: str, salt: bytes, rounds: int = ROUNDS) -> str:
    """The password as Odoo stores it: ``pbkdf2_sha512`` in passlib's modular crypt format."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"$pbkdf2-sha512${rounds}${_adapted_base64(salt)}${_adapted_base64(digest)}"


def _adapted_base64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=").replace("+", ".")
