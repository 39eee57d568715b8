"""Make the namespace: limits first, then configuration, then workloads that stand still."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from functions.environments.manifests import labels_of, limits, rights, workloads
from functions.environments.places import clone_of, look_again, made_by, own_clone
from shared.cluster import Clusters
from shared.estate import Environment, Estate
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import CloneAdapted, NamespaceMade
from shared.odoo.administrator import set_administrator
from shared.postgres.clones import set_password
from shared.postgres.databases import Databases
from shared.postgres.urls import odoos_settings, place_of
from shared.runs import Again, Run, still_mine

_KEPT = ("sslmode", "sslrootcert", "channel_binding")
"""How to connect to the server, which the administrator's own address says."""


def furnish_namespace(
    adapted: CloneAdapted,
    *,
    run: Run,
    estate: Estate,
    clusters: Clusters,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> NamespaceMade:
    """Nothing runs yet: a pod that is started later finds limits and network policies in force.

    The passwords of the role and of Odoo's administrator are made here, and are nowhere else.

    Safe to repeat: objects get the fields that are stated; passwords are made anew, in both places.

    Raises NamespaceTaken, StaleEpoch, NoAdministrator.
    """
    found = made_by(run, on_request)
    place, offer = found.place, estate.offer(found.offer)
    cluster = clusters.of(place)
    still_mine(run)
    cluster.make_namespace(place.namespace, labels_of(place, offer), owner=str(run.id))
    config, secret = _configuration(place, databases, run)
    bodies = (
        *rights(cluster.identity()),
        *limits(offer),
        *workloads(place, offer, config, secret),
    )
    for body in bodies:
        cluster.put(body["kind"], place.namespace, body, epoch=run.epoch)
    return adapted.become(NamespaceMade, namespace=place.namespace)


def undo_furnishing(
    adapted: CloneAdapted,  # noqa: ARG001 - an undo gets what its step got
    *,
    run: Run,
    clusters: Clusters,
    on_request: EnvironmentsOnRequest,
) -> Again | None:
    """Remove the namespace, if it is this run's.

    Safe to repeat: what is gone stays gone.
    """
    place = made_by(run, on_request).place
    cluster = clusters.of(place)
    if not cluster.delete_namespace(place.namespace, owner=str(run.id)):
        return look_again(run, f"waits until namespace {place.namespace} is gone")
    return None


def _configuration(
    place: Environment, databases: Databases, run: Run
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What is in the ConfigMap and in the Secret."""
    role, password, administrator = place.database.owner, _password(), _password()
    set_password(databases, place.database.server, role, password)
    with own_clone(databases, place, run) as connection:
        login = set_administrator(connection, clone_of(run, place), administrator)
    dsn = databases.dsn(place.database.server, place.database.name)
    config = odoos_settings(dsn, place.endpoints[0].base_url) | {
        "filestore": f"{place.filestore.container}/{place.filestore.prefix}",
        "admin_login": login,
    }
    known = conninfo_to_dict(dsn)
    options = "&".join(f"{name}={quote(str(known[name]))}" for name in _KEPT if name in known)
    url = f"postgresql://{role}:{password}@{{host}}:{{port}}/{{dbname}}".format(**place_of(dsn))
    return config, {"url": f"{url}?{options}".rstrip("?"), "admin_password": administrator}


def _password() -> str:
    return secrets.token_urlsafe(32)
