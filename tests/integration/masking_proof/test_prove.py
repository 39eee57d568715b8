"""A masked clone is certified; one original anywhere, or one rule switched off, and it is not."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, LiteralString

import pytest
from psycopg import sql

from shared.errors import StaleEpoch
from shared.masking import mask_tables, plan_masking
from shared.masking.proof import (
    CanariesMissed,
    LeaksFound,
    NotCertified,
    OriginalsLost,
    ProofProgress,
    SignedCertificate,
    prove,
    read_certificate,
    remember,
    require_certificate,
)
from shared.masking.proof.certificate import store_certificate
from shared.masking.proof.seal import Signer
from shared.masking.proof.search import Search, Searched
from shared.postgres.marker import CloneMarker, Database, write_marker

from .conftest import EPOCH, KEY, LONG, MASKED, RUN, masked, policy, proven, remembered, rules

RULES = [*(rule["why"] for rule in rules() if rule["verdict"] != "keep"), "queue"]
IBAN = "FR76 3000 6000 0112 3456 7890 189"
ELSEWHERE: list[tuple[LiteralString, str]] = [
    ("text", "please write to ADA.HOLM@acme.example."),
    ("text", '<a href="mailto:ada.holm%40acme.example">'),
    ("json", '{"a": [{"to": "ada.holm\\u0040acme.example"}]}'),
    ("jsonb", '{"a": [{"to": "ada.holm@acme.example"}]}'),
    ("bytea", "Dear Adalind Holmgren,"),
    ("text[]", "{x,Adalind Holmgren}"),
    ("varchar(40)", "ADALIND&nbsp;HOLMGREN"),
    ("text", "+33 (1) 40-10-60-28"),
    ("text", "call 01.40.10.60.28 now"),
    ("text", IBAN),
    ("text", "https://x:Sm7pFAKEpassw0rd0101@host/"),
    ("text", "he lives at 64 BOULEVARD de Rémy"),
    ("text", "Bertil Sundqvist called"),
]
"""Types of column, and what is in one."""
CHANGES: list[LiteralString] = [
    "insert into person (note) values ('Ada')",
    "update person set note = 'Ada'",
    "delete from person",
    "create table late as select 1 as id",
    "alter table person add column late text",
    "truncate queue",
    "drop table queue",
]


def test_a_masked_clone_is_certified(clone: Database) -> None:
    masked(clone)

    signed = proven(clone)

    assert isinstance(signed, SignedCertificate)
    certificate = signed.certificate
    assert (certificate.run, certificate.source) == (RUN, "acme_prod")
    assert certificate.canaries_found == certificate.canaries_planted > 15
    assert certificate.policy_sha256 == policy().hash
    assert certificate.tables == 2
    assert certificate.looked_for_inside > 10
    assert require_certificate(clone, KEY, run_id=RUN) == signed


@pytest.mark.parametrize("off", [RULES[::2], RULES[1::2]], ids=["even", "odd"])
def test_a_rule_that_is_switched_off_fails_the_proof(clone: Database, off: list[str]) -> None:
    masked(clone, *off)

    with pytest.raises(LeaksFound) as failed:
        proven(clone)

    other = {"y": "person.born", "secret": "person.password", "place": "person.latitude"}
    other["queue"] = "queue.*"
    assert leaking(clone) == {other.get(rule, f"person.a_{rule}") for rule in off}
    assert not any(value in str(failed.value) for value in MASKED.values())
    assert read_certificate(clone) is None


def leaking(clone: Database) -> set[str]:
    found = clone.execute(
        "select concat(leak->>'table', '.', leak->>'column')"
        " from signalbox.searched, jsonb_array_elements(leaks) as leak"
    )
    return {path for (path,) in found}


def test_a_word_that_is_left_in_json_is_compared_by_itself(clone: Database) -> None:
    clone.execute(
        "alter table person alter a_city type jsonb using jsonb_build_object('en_US', a_city)"
    )
    masked(clone, "city")

    with pytest.raises(LeaksFound, match=r"person.a_city: original as a whole in 1 rows \(1\)"):
        proven(clone)


def test_an_original_in_a_column_that_the_policy_keeps_is_found(clone: Database) -> None:
    clone.execute("insert into person (a_name) values ('Nordwind Trading, Bertil Sundqvist')")
    masked(clone)
    for number, (kind, value) in enumerate(ELSEWHERE):
        place = {"table": sql.Identifier(f"elsewhere_{number}"), "kind": sql.SQL(kind)}
        clone.execute(
            sql.SQL("create table {table} (id int primary key, place {kind})").format(**place)
        )
        clone.execute(
            sql.SQL("insert into {table} values (42, %s)").format(**place),
            (value.encode() if kind == "bytea" else value,),
        )

    with pytest.raises(LeaksFound, match=r"elsewhere_0.place: original inside in 1 rows \(42\)"):
        proven(clone)

    assert leaking(clone) == {f"elsewhere_{number}.place" for number in range(len(ELSEWHERE))}


def test_a_planted_value_that_is_not_found_makes_the_proof_invalid(
    clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked(clone)
    query = Search.query

    def miss_one(*asked: Any) -> Searched:
        found = query(*asked)
        if not found.leaks:
            return found
        first, *others = found.leaks
        return replace(found, leaks=(replace(first, rows=first.rows - 1), *others))

    monkeypatch.setattr(Search, "query", miss_one)

    with pytest.raises(CanariesMissed, match=r"found (?!0).* of"):
        proven(clone)

    assert read_certificate(clone) is None


def test_a_used_up_budget_leaves_the_rest_for_the_next_call(clone: Database) -> None:
    masked(clone)

    first = proven(clone, budget=timedelta(0))
    second = proven(clone)

    assert first == ProofProgress(0, 4)
    assert isinstance(second, SignedCertificate)


def test_the_proof_is_made_once_for_one_content_and_leaves_no_originals(clone: Database) -> None:
    masked(clone)

    signed = proven(clone)

    assert proven(clone) == signed
    left = clone.execute(
        "select to_regclass('signalbox.originals'), to_regclass('signalbox.canaries')"
    )
    assert left.fetchone() == (None, None)


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_after_the_proof_ends_the_certificate(
    clone: Database, change: LiteralString
) -> None:
    masked(clone)
    proven(clone)

    clone.execute(change)

    with pytest.raises(NotCertified, match="have changed since it was searched"):
        require_certificate(clone, KEY, run_id=RUN)
    with pytest.raises(OriginalsLost):
        proven(clone)


def test_reading_and_vacuuming_end_no_certificate(clone: Database) -> None:
    masked(clone)
    signed = proven(clone)

    clone.execute("select count(*) from person")
    clone.execute("vacuum (analyze) person")

    assert require_certificate(clone, KEY, run_id=RUN) == signed


def test_a_certificate_that_was_touched_or_is_of_another_key_or_run_is_refused(
    clone: Database,
) -> None:
    masked(clone)
    proven(clone)

    with pytest.raises(NotCertified, match="not signed with the masking key"):
        require_certificate(clone, b"another key of enough bytes", run_id=RUN)
    with pytest.raises(NotCertified, match="is of run run-7"):
        require_certificate(clone, KEY, run_id="run-8")
    clone.execute(
        "update signalbox.certificate set certificate = replace(certificate, 'acme_prod', 'other')"
    )
    with pytest.raises(NotCertified, match="not signed with the masking key"):
        require_certificate(clone, KEY, run_id=RUN)
    with pytest.raises(OriginalsLost):
        proven(clone)


@pytest.mark.parametrize("failed", [{"leaks": 1}, {"canaries_found": 0}])
def test_a_certificate_of_a_search_that_failed_is_refused_whoever_signed_it(
    clone: Database, failed: dict[str, int]
) -> None:
    masked(clone)
    signed = proven(clone)
    assert isinstance(signed, SignedCertificate)
    certificate = signed.certificate.model_copy(update=failed)

    store_certificate(clone, SignedCertificate.of(certificate, Signer(KEY)))

    with pytest.raises(NotCertified, match="says that the search failed"):
        require_certificate(clone, KEY, run_id=RUN)


def test_what_another_run_has_proven_is_not_taken_over(clone: Database) -> None:
    masked(clone)
    proven(clone)

    write_marker(clone, CloneMarker.new("run-8", "7000000000000000001", "acme_prod", EPOCH))

    with pytest.raises(OriginalsLost):
        prove(clone, plan_masking(clone, policy()), KEY, run_id="run-8", epoch=EPOCH, budget=LONG)


def test_a_superseded_run_neither_remembers_nor_proves(clone: Database) -> None:
    old: dict[str, Any] = {"run_id": RUN, "epoch": EPOCH - 1}

    for work in (remember, partial(prove, budget=LONG)):
        with pytest.raises(StaleEpoch):
            work(clone, plan_masking(clone, policy()), KEY, **old)


def test_an_address_without_its_sign_that_was_left_is_found(clone: Database) -> None:
    clone.execute("update person set a_email = 'Holm of Weissenburg'")
    masked(clone, "email")

    with pytest.raises(LeaksFound, match=r"person.a_email: original as a whole in 1 rows \(1\)"):
        proven(clone)


def test_originals_are_never_stored_in_clear(clone: Database) -> None:
    remembered(clone)

    stored = b"".join(
        bytes(sealed) for (sealed,) in clone.execute("select sealed from signalbox.originals")
    )

    assert stored
    assert not any(value.encode() in stored for value in MASKED.values())


def test_a_clone_that_was_masked_unremembered_cannot_be_proven(clone: Database) -> None:
    plan = plan_masking(clone, policy())
    mask_tables(clone, plan, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)

    with pytest.raises(OriginalsLost, match="no record of its originals"):
        proven(clone)
    with pytest.raises(OriginalsLost, match=r"tables of .* are masked already"):
        remembered(clone)


def test_another_key_or_policy_than_it_was_masked_with_proves_nothing(clone: Database) -> None:
    masked(clone)
    other = plan_masking(clone, policy("queue"))

    with pytest.raises(OriginalsLost, match="another key"):
        proven(clone, key=b"another key of enough bytes")
    with pytest.raises(OriginalsLost, match="another policy"):
        prove(clone, other, KEY, run_id=RUN, epoch=EPOCH, budget=LONG)
