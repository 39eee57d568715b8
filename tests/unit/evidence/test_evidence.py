"""Bundles and pages without a ledger: what an auditor with a laptop finds out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.evidence.bundle import Bundle, BundleInvalid, read_bundle
from shared.evidence.checking import examine
from shared.evidence.page import read_page, render_page
from shared.evidence.signing import evidence_signer
from shared.masking.proof.seal import Signer
from signalbox.errors import Unusable
from signalbox.evidence import app

SIGNER = evidence_signer(b"a key of the tests, 32 bytes long")
STRANGER = evidence_signer(b"another key that nobody trusts...")


def record(number: int = 1, previous: str | None = None, **changed: Any) -> dict[str, Any]:
    at = f"2026-11-22T02:{number:02}:00+00:00"
    run = {
        "id": f"run-{number}",
        "runbook": "refresh",
        "environment": "acme-staging",
        "status": "failed",
        "reason": "restore_backup: <b>the archive</b> is not there",
        "epoch": number,
        "started_at": at,
        "ended_at": f"2026-11-22T02:{number:02}:04.5+00:00",
    }
    event = {"id": "e-1", "source": "/backup", "type": "backup-completed", "received_at": at}
    step = {
        "position": 1,
        "name": "find_backup",
        "undoes": None,
        "status": "succeeded",
        "started_at": at,
        "ended_at": at,
        "error": None,
        "input": {"environment": "acme-prod"},
        "output": {"environment": "acme-prod", "archive": "backups/ü.dump", "size": 1.5},
    }
    return {
        "run": run | changed,
        "event": event,
        "steps": [step],
        "attempts": [{"position": 1, "number": 1}],
        "audit": [{"at": at, "what": "run_failed", "facts": {}}],
        "approvals": [],
        "chain": {"number": number, "previous": previous},
    }


def chain(length: int, signer: Signer = SIGNER) -> dict[str, bytes]:
    """The files of an environment's first runs."""
    files, previous = {}, None
    for number in range(1, length + 1):
        bundle = Bundle.of(record(number, previous), signer)
        files[f"{number}.json"], previous = bundle.as_bytes(), bundle.sha256
    return files


def problems(files: dict[str, bytes], *keys: str) -> list[tuple[str, str]]:
    return [(problem.file, problem.what) for problem in examine(files, keys).problems]


def one_byte_changes(content: bytes, *, every: int = 1) -> Iterator[bytes]:
    for at in range(0, len(content), every):
        byte = content[at]
        for other in (byte ^ 0x01, byte ^ 0x20):  # another letter, and the same one in other case
            yield content[:at] + bytes([other]) + content[at + 1 :]
        yield content[:at] + content[at + 1 :]
        yield content[:at] + b" " + content[at:]
    yield content + b"\n"


def test_a_change_of_any_one_byte_of_a_bundle_is_found():
    content = Bundle.of(record(), SIGNER).as_bytes()

    assert read_bundle(content).run == "run-1"
    for changed in one_byte_changes(content):
        with pytest.raises(BundleInvalid):
            read_bundle(changed)


def test_a_change_of_any_one_byte_of_a_page_is_found():
    """Each seventh is tried: the digest is over all of them alike."""
    content = render_page(Bundle.of(record(), SIGNER), SIGNER)

    assert read_page(content) == SIGNER.public_key
    for changed in one_byte_changes(content, every=7):
        with pytest.raises(BundleInvalid):
            read_page(changed)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"format":NaN}',
        Bundle.of({"run": {}}, SIGNER).as_bytes(),
        Bundle.of(record() | {"chain": {"number": 0, "previous": None}}, SIGNER).as_bytes(),
    ],
    ids=lambda content: content[:20].decode(errors="replace"),
)
def test_what_is_no_bundle_is_a_problem_and_no_crash(content):
    assert [file for file, _ in problems({"x.json": content})] == ["x.json"]


def test_an_untouched_chain_is_sound_in_any_order_and_with_copies():
    files = chain(3)
    shuffled = {"copy.json": files["2.json"], **dict(reversed(files.items()))}

    verdict = examine(shuffled, [SIGNER.public_key])

    assert verdict.problems == ()
    assert [(each.first, each.last) for each in verdict.chains] == [(1, 3)]
    assert verdict.chains[0].newest == json.loads(files["3.json"])["sha256"]
    assert len(verdict.records) == 3


def test_a_missing_link_is_found():
    files = chain(5)
    del files["3.json"], files["4.json"]

    assert problems(files) == [("5.json", "before it numbers 3 to 4 are missing")]


def test_a_fork_is_found():
    files = chain(3)
    previous = json.loads(files["1.json"])["sha256"]
    forked = Bundle.of(record(2, previous, status="succeeded"), SIGNER)

    found = problems(files | {"other.json": forked.as_bytes()})

    assert ("other.json", "a fork: 2.json has number 2 as well") in found


def test_a_record_that_was_replaced_and_signed_anew_breaks_its_link():
    files = chain(3)
    previous = json.loads(files["1.json"])["sha256"]
    replaced = Bundle.of(record(2, previous, status="succeeded"), SIGNER).as_bytes()

    found = problems(files | {"2.json": replaced}, SIGNER.public_key)

    assert found == [("3.json", "it does not follow 2.json, but one that is not here")]


@pytest.mark.parametrize(("number", "previous"), [(1, "0" * 64), (2, None)])
def test_only_the_first_has_nothing_before_it(number, previous):
    odd = Bundle.of(record(number, previous), SIGNER).as_bytes()

    assert problems({"x.json": odd}) == [
        ("x.json", "only the first of a chain has nothing before it")
    ]


def test_chains_of_different_environments_are_told_apart():
    other = Bundle.of(record(2, "0" * 64, environment="acme-prod"), SIGNER)

    verdict = examine(chain(2) | {"prod.json": other.as_bytes()})

    assert verdict.problems == ()
    assert {(c.environment, c.first, c.last) for c in verdict.chains} == {
        ("acme-prod", 2, 2),
        ("acme-staging", 1, 2),
    }


def test_what_a_stranger_signed_is_found_when_the_key_is_known():
    forged = chain(2, STRANGER)

    assert problems(forged) == []
    assert [file for file, _ in problems(forged, SIGNER.public_key)] == ["1.json", "2.json"]
    assert problems(forged, SIGNER.public_key, STRANGER.public_key) == []


def test_two_signers_are_a_problem_when_no_key_is_known():
    page = render_page(Bundle.of(record(), STRANGER), STRANGER)

    [(_, what)] = problems(chain(1) | {"1.html": page})

    assert what == "there are signatures of 2 keys: say which to trust"


def test_a_page_loads_nothing_and_shows_text_as_text():
    page = render_page(Bundle.of(record(), SIGNER), SIGNER).decode()

    assert "&lt;b&gt;the archive&lt;/b&gt; is not there" in page
    assert not any(word in page for word in ("<script", "src=", "href=", "@import", "url("))
    assert "backups/ü.dump" in page
    assert "4.5 s" in page


def test_the_key_of_evidence_is_not_that_of_certificates():
    assert SIGNER.public_key != Signer(b"a key of the tests, 32 bytes long").public_key


# -- the command ---------------------------------------------------------------------------------


def verify(*words: str) -> Any:
    return CliRunner().invoke(app, ["verify", *words])  # no session: neither settings nor network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in chain(2).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "1.html").write_bytes(render_page(Bundle.of(record(), SIGNER), SIGNER))
    return tmp_path


def test_a_folder_is_verified_without_settings(folder):
    told = verify(str(folder), "--key", SIGNER.public_key)
    careless = verify(str(folder))

    assert told.exit_code == 0, told.output
    assert "acme-staging: 1 to 2" in told.output
    assert "2 bundles and 1 pages" in told.output
    assert f"signed with {SIGNER.public_key}" in careless.output


def test_nothing_to_verify_is_no_success(tmp_path):
    assert isinstance(verify(str(tmp_path)).exception, Unusable)


def test_a_changed_file_gives_exit_status_1_and_its_name(folder):
    file = folder / "2.json"
    file.write_bytes(file.read_bytes().replace(b'"failed"', b'"passed"'))

    told = verify(str(file), str(folder / "1.json"), "--json")

    verdict = json.loads(told.output)
    assert told.exit_code == 1
    assert verdict["sound"] is False
    assert verdict["problems"] == [
        {"file": str(file), "what": "the record was changed after it was sealed"}
    ]
