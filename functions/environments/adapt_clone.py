"""Make the clone another Odoo than its source: identity, address, owner."""

from functions.environments.places import clone_of, made_by, own_clone, source_of
from shared.estate import Estate
from shared.ledger.environments import EnvironmentsOnRequest
from shared.messages.environments import CloneAdapted, CloneMade
from shared.odoo.neutralize import renew_identity
from shared.odoo.remap import remap_settings
from shared.postgres.clones import give_objects
from shared.postgres.databases import Databases
from shared.runs import Run


def adapt_clone(
    made: CloneMade,
    *,
    run: Run,
    estate: Estate,
    databases: Databases,
    on_request: EnvironmentsOnRequest,
) -> CloneAdapted:
    """Write its own UUID, secret and addresses; give everything in it to its own role.

    Its certificate goes: it speaks of the copy, and the run's evidence names it.

    Safe to repeat: values are set, and what is given already is not given again.
    """
    found = made_by(run, on_request)
    clone, source = clone_of(run, found.place), source_of(found, estate)
    with own_clone(databases, found.place, run) as connection:
        connection.execute("drop table if exists signalbox.certificate")
        renew_identity(connection, clone)
        remap_settings(connection, clone)
        objects = give_objects(connection, source.database.owner, found.place.database.owner)
    return made.become(CloneAdapted, objects=objects)
