"""Revoke the login that was exchanged, once its grace is over."""

from functions.rotation.places import SNAPSHOT, NotRotated, place_of, users_of
from shared.cluster import Clusters
from shared.estate import Estate
from shared.ledger import Placements
from shared.ledger.logins import Logins
from shared.messages.rotation import LoginRevoked, LoginSuperseded
from shared.postgres.databases import Databases
from shared.postgres.logins import forget_password, logins_of, prove_revoked, revoke_login, user_of
from shared.runs import Run, still_mine


def revoke_previous_login(
    superseded: LoginSuperseded,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    placements: Placements,
    logins: Logins,
) -> LoginRevoked:
    """Let the role log in no more, end its sessions, and try it with the password that it had.

    A role that another environment still logs in with is left.

    Safe to repeat: what is revoked stays so.

    Raises NotRotated for a role that is none of the environment's, LoginNotRevoked when the server
    still lets it in.
    """
    place = place_of(run, estate, clusters, placements)
    login = superseded.login
    if login not in (place.owner, *logins_of(place.environment.database)):
        raise NotRotated(f"{login} is none of the logins that {run.environment}'s Odoo has had")
    used_by = tuple(users_of(login, place.server, estate, clusters))
    if used_by:
        logins.revoked(run.environment, login)
        return LoginRevoked(login=login, used_by=used_by)
    still_mine(run)
    before = place.active.url_before()
    with databases.administer(place.server) as connection:
        ended = revoke_login(connection, login)
        known = before is not None and user_of(before) == login
        proof = prove_revoked(before) if before and known else "nobody has its password any more"
        forget_password(connection, login)
    for side in place.sides:
        side.cluster.delete_secret(side.namespace, SNAPSHOT)
    logins.revoked(run.environment, login)
    return LoginRevoked(login=login, used_by=(), sessions_ended=ended, proof=proof)
