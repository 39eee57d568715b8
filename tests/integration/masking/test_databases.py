"""Creating, marking, exchanging and dropping databases; what is refused on the way."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import psycopg
import pytest

from infra.local.postgres import PostgresServer
from shared.errors import StaleEpoch
from shared.estate import Estate, Reference, UnknownServer
from shared.postgres.clones import NameInUse, clone_inside, is_clone_of
from shared.postgres.databases import Databases, ProductionRefused, SwapRefused, UnsafeName
from shared.postgres.marker import CloneMarker, NotAClone, read_marker, write_marker

ESTATE = Estate.model_validate(
    {
        "regions": [{"name": "here"}],
        "clusters": [],
        "servers": [
            {"name": name, "region": "here", "role": role, "url": f"env:{role.upper()}"}
            for name, role in (("erp-prod", "production"), ("erp-nonprod", "nonproduction"))
        ],
        "environments": [],
    }
)
SERVER = "erp-nonprod"
NEW, LIVE, OLD = "swap_incoming", "swap_live", "swap_previous"

_runs = count(1)


@pytest.fixture
def databases(postgres: PostgresServer) -> Iterator[Databases]:
    """The estate's databases; those of these tests are dropped at the end."""

    def resolve(reference: Reference) -> str:
        return postgres.dsn()

    found = Databases(ESTATE, resolve)
    yield found
    for name in (NEW, LIVE, OLD):
        found.drop(SERVER, name)


@pytest.fixture
def restored(databases: Databases) -> Callable[[str, int], CloneMarker]:
    """Make a marked clone of this name and epoch."""

    def restore(name: str, epoch: int) -> CloneMarker:
        marker = CloneMarker.new(f"run-{next(_runs)}", "7000000000000000001", "acme_prod", epoch)
        databases.create(SERVER, name)
        with databases.connect(SERVER, name) as connection:
            connection.execute("create table origin as select %s::bigint as epoch", (epoch,))
            write_marker(connection, marker)
        return marker

    return restore


def epoch_in(databases: Databases, name: str) -> int:
    with databases.connect(SERVER, name) as connection:
        row = connection.execute("select epoch from origin").fetchone()
    assert row is not None
    return int(row[0])


def test_a_new_database_is_open_to_the_administrator_alone(
    databases: Databases, postgres: PostgresServer
) -> None:
    postgres.create_role("stranger")

    databases.create(SERVER, NEW)
    databases.create(SERVER, NEW)

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(postgres.dsn(NEW, "stranger"))
    databases.allow_connect(SERVER, NEW)
    psycopg.connect(postgres.dsn(NEW, "stranger")).close()


def test_a_database_with_sessions_can_be_dropped_and_dropped_again(databases: Databases) -> None:
    databases.create(SERVER, NEW)

    with suppress(psycopg.OperationalError), databases.connect(SERVER, NEW):
        databases.drop(SERVER, NEW)
        databases.drop(SERVER, NEW)

    assert not databases.exists(SERVER, NEW)


@pytest.mark.parametrize("name", ["postgres", "template1", "azure_sys", "", "a b", 'a"b', "x" * 64])
def test_names_that_are_not_ours_to_change_are_refused(databases: Databases, name: str) -> None:
    with pytest.raises(UnsafeName):
        databases.drop(SERVER, name)


def test_a_production_server_is_refused_whatever_its_databases_say(databases: Databases) -> None:
    swap = {"live": LIVE, "incoming": NEW, "previous": OLD, "run_id": "run-1"}

    for attempt in (
        lambda: databases.create("erp-prod", NEW),
        lambda: databases.drop("erp-prod", NEW),
        lambda: databases.swap("erp-prod", **swap),
        lambda: databases.swap_back("erp-prod", **swap),
        lambda: databases.connect_clone("erp-prod", NEW, run_id="run-1", epoch=1).__enter__(),
    ):
        with pytest.raises(ProductionRefused, match="erp-prod is production"):
            attempt()


def test_an_unknown_server_is_named(databases: Databases) -> None:
    with pytest.raises(UnknownServer, match="erp-gone"):
        databases.exists("erp-gone", NEW)


def test_the_system_identifier_is_the_servers_own(
    databases: Databases, postgres: PostgresServer
) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        row = connection.execute("select system_identifier from pg_control_system()").fetchone()

    assert row == (int(databases.system_identifier(SERVER)),)


def test_the_marker_can_be_read_from_inside_and_from_outside(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    marker = restored(NEW, 4)

    with databases.connect_clone(SERVER, NEW, run_id=marker.run_id, epoch=4) as connection:
        inside = read_marker(connection)

    assert inside == marker
    assert databases.marker(SERVER, NEW) == marker


def test_a_clone_of_another_run_is_neither_taken_over_nor_taken_for_ours(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    theirs, ours = restored(NEW, 4), CloneMarker.new("run-ours", "7000000000000000001", "x", 5)
    restored(LIVE, 4)

    with pytest.raises(NameInUse, match=f"another database {NEW}"):
        clone_inside(databases, SERVER, LIVE, NEW, ours)

    assert databases.marker(SERVER, NEW) == theirs
    assert is_clone_of(databases, SERVER, NEW, theirs.run_id)
    assert not is_clone_of(databases, SERVER, NEW, ours.run_id)


def test_whoever_takes_a_clone_over_ends_the_session_of_who_had_it(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    marker = restored(NEW, 4)

    with databases.connect(SERVER, NEW) as hung:
        hung.execute("begin")
        hung.execute("create table half_done (id int)")
        with databases.connect_clone(SERVER, NEW, run_id=marker.run_id, epoch=4) as ours:
            there = ours.execute("select to_regclass('half_done')").fetchone()

        assert there == (None,)
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            hung.execute("select 1")


def test_a_comment_of_somebody_else_is_no_marker(databases: Databases) -> None:
    databases.create(SERVER, NEW)
    with databases.connect(SERVER, NEW) as connection:
        connection.execute(f"comment on database {NEW} is 'Production. Do not touch.'")

    assert databases.marker(SERVER, NEW) is None
    with pytest.raises(NotAClone), databases.connect_clone(SERVER, NEW, run_id="run-1", epoch=1):
        pass


def test_an_older_epoch_cannot_mark_a_database_over(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    newer = restored(NEW, 5)
    older = CloneMarker.new("run-old", "7000000000000000001", "acme_prod", 4)

    with databases.connect(SERVER, NEW) as connection, pytest.raises(StaleEpoch):
        write_marker(connection, older)

    assert databases.marker(SERVER, NEW) == newer


def test_a_swap_exchanges_names_once_and_can_be_undone(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 1)
    run = restored(NEW, 2).run_id
    names = {"live": LIVE, "incoming": NEW, "previous": OLD, "run_id": run}

    databases.swap(SERVER, **names)
    databases.swap(SERVER, **names)

    assert (epoch_in(databases, LIVE), epoch_in(databases, OLD)) == (2, 1)
    assert not databases.exists(SERVER, NEW)

    databases.swap_back(SERVER, **names)
    databases.swap_back(SERVER, **names)

    assert (epoch_in(databases, LIVE), epoch_in(databases, NEW)) == (1, 2)
    assert not databases.exists(SERVER, OLD)


def test_the_first_swap_needs_no_live_database(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    run = restored(NEW, 2).run_id
    names = {"live": LIVE, "incoming": NEW, "previous": OLD, "run_id": run}

    databases.swap(SERVER, **names)

    assert epoch_in(databases, LIVE) == 2
    assert not databases.exists(SERVER, OLD)

    databases.swap_back(SERVER, **names)

    assert not databases.exists(SERVER, LIVE)


def test_a_swap_ends_the_sessions_of_both_databases(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 1)
    run = restored(NEW, 2).run_id

    with suppress(psycopg.OperationalError), databases.connect(SERVER, LIVE) as session:
        databases.swap(SERVER, live=LIVE, incoming=NEW, previous=OLD, run_id=run)
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")

    assert epoch_in(databases, LIVE) == 2


def test_a_swap_goes_on_where_a_crash_has_left_the_databases_closed(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 1)
    run = restored(NEW, 2).run_id
    with databases.administer(SERVER) as connection:
        for name in (LIVE, NEW):
            connection.execute(f"alter database {name} allow_connections false")

    databases.swap(SERVER, live=LIVE, incoming=NEW, previous=OLD, run_id=run)

    assert (epoch_in(databases, LIVE), epoch_in(databases, OLD)) == (2, 1)


def test_a_swap_without_the_runs_own_clone_is_refused(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 1)
    restored(NEW, 2)

    with pytest.raises(SwapRefused, match="not the clone of run run-other"):
        databases.swap(SERVER, live=LIVE, incoming=NEW, previous=OLD, run_id="run-other")

    assert epoch_in(databases, LIVE) == 1


def test_a_swap_over_an_earlier_checkpoint_is_refused(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 1)
    restored(OLD, 1)
    run = restored(NEW, 2).run_id

    with pytest.raises(SwapRefused, match=f"{OLD} exists already"):
        databases.swap(SERVER, live=LIVE, incoming=NEW, previous=OLD, run_id=run)


def test_a_swap_by_a_superseded_run_is_refused(
    databases: Databases, restored: Callable[[str, int], CloneMarker]
) -> None:
    restored(LIVE, 3)
    run = restored(NEW, 2).run_id

    with pytest.raises(StaleEpoch, match="published at epoch 3"):
        databases.swap(SERVER, live=LIVE, incoming=NEW, previous=OLD, run_id=run)
