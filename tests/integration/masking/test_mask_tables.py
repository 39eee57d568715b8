"""Masking a database: what is replaced, what is kept, what is refused, and a crash."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from shared.errors import StaleEpoch
from shared.masking import CoverageGap, MaskingPolicy, MaskingProgress, mask_tables, plan_masking
from shared.masking.maskers import WeakMaskingKey
from shared.masking.policy import Rule
from shared.masking.rewrite import CannotRewrite, PolicyChanged
from shared.postgres.marker import CloneMarker, Database, NotAClone, write_marker

from .conftest import EPOCH, RUN

KEY = b"a masking key of thirty-two byte"
LONG = timedelta(minutes=1)

POLICY = MaskingPolicy.model_validate(
    {
        "version": 1,
        "drop_rows": [{"tables": ["bus_bus", "mail_mail"], "why": "queues"}],
        "rules": [
            {"verdict": "mask", "masker": "email", "columns": ["*.email*"], "why": "personal"},
            {"verdict": "mask", "masker": "name", "columns": ["*.name"], "why": "personal"},
            {"verdict": "mask", "masker": "phone", "columns": ["*.phone"], "why": "personal"},
            {"verdict": "clear", "columns": ["*.password", "*.barcode"], "why": "secret"},
            {"verdict": "keep", "columns": ["*.lang", "*.note"], "why": "no person"},
        ],
    }
)

PARTNERS = """
create table partner (
    id serial primary key,
    name varchar not null,
    email varchar(40) unique,
    email_normalized varchar,
    phone jsonb,
    password text,
    barcode jsonb not null default '{}',
    lang varchar(5) default 'en_US' check (length(lang) = 5)
);
create index partner_name on partner (lower(name));
comment on column partner.email is 'Where to write';
insert into partner (name, email, email_normalized, phone, password, barcode) values
    ('Ada Holm', '"Ada" <Ada@acme.example>', 'ada@acme.example', '{"1": "+33140106028"}',
     'x', '{"1": "4"}'),
    ('Vogel AG', null, null, null, null, '{}'),
    ('Leer', '', '', '{"1": ""}', '', '{}');
create table bus_bus (id serial primary key, message text);
insert into bus_bus (message) values ('Ada Holm came in');
create table mail_mail (id serial primary key, body text);
insert into mail_mail (body) values ('Dear Ada Holm');
create table notification (
    id serial primary key, mail_id integer references mail_mail on delete cascade
);
insert into notification (mail_id) values (1);
"""


def mask(clone: Database, policy: MaskingPolicy = POLICY, **more: Any) -> MaskingProgress:
    wanted: dict[str, Any] = {"run_id": RUN, "epoch": EPOCH, "budget": LONG} | more
    return mask_tables(clone, plan_masking(clone, policy), KEY, **wanted)


def files_of(connection: Database, table: str) -> bytes:
    """The bytes on the disk of a table, of its indexes and of what it stores out of line."""
    connection.execute("checkpoint")
    query = """
        select string_agg(pg_read_binary_file(pg_relation_filepath(oid)), ''::bytea)
        from pg_class
        where %(table)s::regclass in (oid, (select indrelid from pg_index where indexrelid = oid))
           or oid = (select reltoastrelid from pg_class where oid = %(table)s::regclass)
    """
    row = connection.execute(query, {"table": table}).fetchone()
    assert row is not None
    return bytes(row[0])


def column(connection: Database, name: str, table: str = "partner") -> list[Any]:
    query = sql.SQL("select {} from {} order by id")
    rows = connection.execute(query.format(sql.Identifier(name), sql.Identifier(table)))
    return [value for (value,) in rows]


def test_no_original_is_left_in_the_files_of_a_masked_table(clone: Database) -> None:
    clone.execute(PARTNERS)
    before = files_of(clone, "partner")

    mask(clone)

    after = files_of(clone, "partner")
    for original in (b"Ada Holm", b"ada@"):
        assert original in before
        assert original not in after


def test_equal_values_get_equal_masks_and_nothing_stays_nothing(clone: Database) -> None:
    clone.execute(PARTNERS)

    progress = mask(clone)

    emails = column(clone, "email")
    assert progress.finished
    assert emails == column(clone, "email_normalized")
    assert emails[0].endswith("@masked.invalid")
    assert emails[1:] == [None, ""]
    assert column(clone, "password") == [None, None, None]
    assert column(clone, "barcode") == [{}, {}, {}]
    assert column(clone, "lang") == ["en_US"] * 3


def test_masks_inside_json_keep_its_keys(clone: Database) -> None:
    clone.execute(PARTNERS)

    mask(clone)

    first, second, third = column(clone, "phone")
    assert first["1"].startswith("+3319900")
    assert second is None
    assert third == {"1": ""}


def test_dropped_rows_are_gone_from_tables_that_others_refer_to(clone: Database) -> None:
    clone.execute(PARTNERS)

    mask(clone)

    assert column(clone, "id", "bus_bus") == []
    assert column(clone, "id", "mail_mail") == []
    assert column(clone, "id", "notification") == []


def test_statistics_forget_what_an_emptied_table_held(clone: Database) -> None:
    clone.execute(PARTNERS)
    clone.execute("insert into bus_bus (message) select 'Ada Holm' from generate_series(1, 9)")
    clone.execute("insert into mail_mail (body) select 'Ada Holm' from generate_series(1, 9)")
    clone.execute("analyze")
    known = "select count(*) from pg_stats where most_common_vals::text like '%Ada Holm%'"
    before = clone.execute(known).fetchone()

    mask(clone)

    assert before == (2,)
    assert clone.execute(known).fetchone() == (0,)


def test_masks_fit_their_column_and_stay_unique(clone: Database) -> None:
    clone.execute("create table tag (id serial primary key, name varchar(20) unique)")
    clone.execute(
        "insert into tag (name) select 'Person ' || chr(65 + n / 26) || chr(65 + n % 26)"
        " from generate_series(0, 600) n"
    )

    mask(clone)

    names = column(clone, "name", "tag")
    assert len(set(names)) == 601
    assert max(map(len, names)) <= 20


def test_constraints_indexes_and_comments_survive(clone: Database) -> None:
    clone.execute(PARTNERS)
    before = described(clone)

    mask(clone)

    assert described(clone) == before


def test_views_triggers_and_policies_on_masked_columns_come_back(clone: Database) -> None:
    clone.execute(PARTNERS)
    clone.execute(
        "create view addressed with (security_barrier=true) as select id, email from partner;"
        "comment on view addressed is 'With an address';"
        "grant select on addressed to public;"
        "create view reachable as select id from addressed where email <> '';"
        "create materialized view known as select id, name from partner;"
        "create unique index known_id on known (id);"
        "create function touch() returns trigger language plpgsql as 'begin return new; end';"
        "create trigger touched before update of name on partner"
        " for each row execute function touch();"
        "create policy own on partner for select using (name <> '')"
    )
    before = described(clone)

    mask(clone)

    assert described(clone) == before
    assert column(clone, "id", "reachable") == [1]
    assert column(clone, "name", "known") == column(clone, "name")


def test_what_is_cleared_is_nothing_or_empty_where_nothing_is_not_allowed(clone: Database) -> None:
    clone.execute(
        "create table staff (id serial primary key, wage numeric, bonus integer not null,"
        " born date not null, title text not null);"
        "insert into staff (wage, bonus, born, title) values (4200.5, 300, '1990-05-17', 'Dr.')"
    )
    everything = {"verdict": "clear", "kinds": ["number", "date", "text"], "why": "personal"}
    rule = Rule.model_validate(everything | {"columns": ["staff.*"], "unless": ["*.id"]})

    mask(clone, POLICY.model_copy(update={"rules": (rule,)}))

    assert clone.execute("select wage, bonus, born::text, title from staff").fetchall() == [
        (None, 0, "1970-01-01", "")
    ]


@pytest.mark.parametrize("kind", ["stored", "virtual"])
def test_a_generated_column_is_computed_from_masked_values(clone: Database, kind: str) -> None:
    clone.execute(PARTNERS)
    clone.execute(
        "alter table partner add shout text generated always as (upper(name)) " + kind  # type: ignore[arg-type]
    )
    clone.execute(
        "create table touched (id serial primary key);"
        "create function touch() returns trigger language plpgsql as"
        " 'begin insert into touched default values; return new; end';"
        "create trigger touched after update on partner for each row execute function touch();"
        "alter table partner enable always trigger touched"
    )
    before = described(clone)

    mask(clone)

    names = column(clone, "name")
    assert column(clone, "shout") == [name and name.upper() for name in names]
    assert "Ada Holm" not in names
    assert described(clone) == before
    assert column(clone, "id", "touched") == []
    assert not [word for word in (b"Ada Holm", b"ADA HOLM") if word in files_of(clone, "partner")]


def test_a_table_with_nothing_but_sources_of_generated_columns_is_refused(clone: Database) -> None:
    clone.execute(
        "create table word (name text, shout text generated always as (upper(name)) stored);"
        "insert into word (name) values ('Ada Holm')"
    )

    with pytest.raises(CannotRewrite, match=r"word cannot be masked.*generated columns"):
        mask(clone)

    assert clone.execute("select name from word").fetchall() == [("Ada Holm",)]


def test_a_publication_of_some_rows_and_columns_comes_back(clone: Database) -> None:
    clone.execute(PARTNERS)
    clone.execute(
        "create publication part for table partner (id, name) where (name <> '');"
        "create publication everything for all tables"
    )
    query = (
        "select pubname, attnames::text, rowfilter from pg_publication_tables"
        " where tablename = 'partner' order by 1"
    )
    before = clone.execute(query).fetchall()

    mask(clone)

    assert clone.execute(query).fetchall() == before
    assert "Ada Holm" not in column(clone, "name")


def test_a_column_without_a_rule_stops_the_run_before_anything_is_masked(clone: Database) -> None:
    clone.execute(PARTNERS)
    clone.execute("alter table partner add diagnosis text")

    with pytest.raises(CoverageGap, match=r"partner\.diagnosis"):
        mask(clone)

    assert column(clone, "name")[0] == "Ada Holm"


def test_a_masker_without_a_form_for_the_type_is_a_gap(clone: Database) -> None:
    clone.execute("create table device (id serial primary key, email inet)")

    with pytest.raises(CoverageGap, match=r"device\.email.*no form"):
        mask(clone)


def test_a_database_without_the_marker_is_refused(unmarked: Database) -> None:
    unmarked.execute(PARTNERS)

    with pytest.raises(NotAClone, match="has no clone marker"):
        mask(unmarked)

    assert column(unmarked, "name")[0] == "Ada Holm"


def test_the_clone_of_another_run_is_refused(clone: Database) -> None:
    clone.execute(PARTNERS)

    with pytest.raises(NotAClone, match="clone of run run-7"):
        mask(clone, run_id="run-8")

    assert column(clone, "name")[0] == "Ada Holm"


def test_a_run_that_was_superseded_is_refused(clone: Database) -> None:
    clone.execute(PARTNERS)
    write_marker(clone, CloneMarker.new(RUN, "7000000000000000001", "acme_prod", EPOCH + 1))

    with pytest.raises(StaleEpoch):
        mask(clone)

    assert column(clone, "name")[0] == "Ada Holm"


def test_a_short_key_is_refused(clone: Database) -> None:
    clone.execute(PARTNERS)
    plan = plan_masking(clone, POLICY)

    with pytest.raises(WeakMaskingKey, match="5 bytes"):
        mask_tables(clone, plan, b"short", run_id=RUN, epoch=EPOCH, budget=LONG)


def test_a_used_up_budget_leaves_the_rest_for_the_next_call(clone: Database) -> None:
    clone.execute(PARTNERS)

    first = mask(clone, budget=timedelta(0))
    second = mask(clone)

    assert (first.done, first.remaining) == (0, 3)
    assert (second.done, second.remaining) == (3, 0)


def test_progress_says_how_much_is_done_and_how_long_the_rest_takes(clone: Database) -> None:
    clone.execute(PARTNERS)
    seen: list[MaskingProgress] = []

    mask(clone, on_progress=seen.append)

    assert [each.remaining for each in seen] == list(range(len(seen)))[::-1]
    assert seen[0].rows > 0
    assert all(each.seconds_left is not None for each in seen)
    assert seen[-1].seconds_left == 0


def test_masking_goes_on_after_a_crash_and_never_masks_a_table_twice(clone: Database) -> None:
    clone.execute(PARTNERS)

    with pytest.raises(_Crash):
        mask(clone, on_progress=_crash_after_partner)
    once = column(clone, "email")
    progress = mask(clone)

    assert progress.finished
    assert column(clone, "email") == once
    assert mask(clone).rows == progress.rows


def test_tables_masked_by_another_policy_stop_the_run(clone: Database) -> None:
    clone.execute(PARTNERS)
    mask(clone)
    other = Rule.model_validate({"verdict": "keep", "columns": ["*.lang"], "why": "first"})
    changed = POLICY.model_copy(update={"rules": (other, *POLICY.rules)})

    with pytest.raises(PolicyChanged):
        mask(clone, MaskingPolicy.model_validate(changed.model_dump()))


def test_the_key_is_in_no_statement_that_others_can_see(clone: Database, database: str) -> None:
    clone.execute(PARTNERS)
    seen: list[str] = []

    with psycopg.connect(database) as other:
        mask(clone, on_progress=lambda _: seen.extend(statements(other)))

    assert seen
    assert not any(KEY.decode() in query or KEY.hex() in query for query in seen)
    assert clone.execute("select current_setting('signalbox.masking_key')").fetchone() == ("",)


def test_the_masker_functions_are_gone_at_the_end(clone: Database) -> None:
    clone.execute(PARTNERS)

    mask(clone)

    assert clone.execute("select to_regnamespace('signalbox_maskers')").fetchone() == (None,)


class _Crash(Exception):
    pass


def _crash_after_partner(progress: MaskingProgress) -> None:
    if progress.remaining == 0:
        raise _Crash


def statements(connection: Database) -> list[str]:
    return [query for (query,) in connection.execute("select query from pg_stat_activity")]


def described(connection: Database) -> list[tuple[object, ...]]:
    """Everything but rows, as the catalogue tells it."""
    return connection.execute(
        """
        select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
               a.attnotnull::text || coalesce(col_description(c.oid, a.attnum), '')
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
        union all
        select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
        from pg_constraint where connamespace = 'public'::regnamespace
        union all
        select 'index', tablename, indexname, indexdef, '' from pg_indexes
        where schemaname = 'public'
        union all
        select 'view', relname, array_to_string(reloptions, ','), pg_get_viewdef(oid),
               coalesce(obj_description(oid, 'pg_class'), '') || coalesce(relacl::text, '')
        from pg_class where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
        union all
        select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), ''
        from pg_trigger where not tgisinternal
        union all
        select 'policy', tablename, policyname, coalesce(qual, ''), cmd from pg_policies
        order by 1, 2, 3, 4
        """
    ).fetchall()
