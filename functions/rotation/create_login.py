"""Make the next login beside the one in use; and shut it again."""

import secrets as randomness

from functions.rotation.places import PENDING, NotRotated, Place, place_of
from shared.cluster import Clusters
from shared.errors import PermanentError
from shared.estate import Estate
from shared.ledger import Placements
from shared.ledger.logins import Logins
from shared.messages.rotation import LoginCreated, SecretNearExpiry
from shared.postgres.databases import Databases
from shared.postgres.logins import (
    forget_password,
    make_login,
    next_login,
    prove_login,
    revoke_login,
    user_of,
)
from shared.runs import Run, still_mine


class GraceNotOver(PermanentError):
    """The login before the present one still works: first that is revoked."""


class StillInUse(PermanentError):
    """The new login could not be taken out of use: it is left, for pods would stop without it."""


def create_login(
    near: SecretNearExpiry,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    logins: Logins,
) -> LoginCreated:
    """Make the role that is not in use log in with a new password, as the database's owner; try it.

    Safe to repeat: the password that was made first is kept in a Secret of the run's until all is
    done, and setting it again is harmless.

    Raises NotRotated for a secret that is none of Odoo's; PairNotWhole, GraceNotOver, LoginRefused.
    """
    place = place_of(run, estate, clusters, placements)
    if near.secret not in (None, str(place.rotation.secret)):
        raise NotRotated(
            f"{near.secret} is not the login of {run.environment}'s Odoo: a person exchanges it, "
            "and a masking key only together with every copy that was made with it"
        )
    database, previous = place.environment.database, user_of(place.active.url())
    login = next_login(database, previous)
    _refuse_early(run, logins)
    still_mine(run)
    password = pending_password(place, run)
    with databases.administer(place.server) as connection:
        make_login(connection, login, database.owner, password)
    prove_login(place.active.url_with(login, password), database.owner)
    return LoginCreated(login=login, previous=previous, server=place.server)


def withdraw_login(
    near: SecretNearExpiry,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
) -> None:
    """Shut the login that nobody uses yet, and forget its password.

    Safe to repeat: what is shut stays so. When this run got no further than to its refusal, the
    role that is shut is one that nobody uses.

    Raises StillInUse.
    """
    place = place_of(run, estate, clusters, placements)
    active = place.active
    if not active.cluster.proposed(active.namespace, PENDING, run_id=str(run.id)):
        return
    login = next_login(place.environment.database, user_of(active.url()))
    for side in place.sides:
        if user_of(side.url()) == login:
            raise StillInUse(
                f"{side.environment.name} still logs in as {login}: look at its Secret"
            )
    with databases.administer(place.server) as connection:
        revoke_login(connection, login)
        forget_password(connection, login)
    active.cluster.delete_secret(active.namespace, PENDING)


def pending_password(place: Place, run: Run) -> str:
    """The password that this run has made, the same one whenever it asks: a secret."""
    active = place.active
    fresh = {"password": randomness.token_urlsafe(32)}
    found = active.cluster.propose(
        active.namespace, PENDING, fresh, run_id=str(run.id), epoch=run.epoch
    )
    return found["password"]


def _refuse_early(run: Run, logins: Logins) -> None:
    known = logins.of(run.environment)
    if known is not None and known.revoked_at is None:
        raise GraceNotOver(
            f"{known.previous} still works until {known.revoke_at:%F %R} UTC, for who was not told "
            f"of {known.login}: rotate after that, or publish login-superseded for it now"
        )
