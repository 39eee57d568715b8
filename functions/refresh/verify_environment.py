"""Ask every check of the incoming database and of its files, before anyone can see them."""

from collections.abc import Sequence

from functions.refresh.clones import clone_of, incoming_clone
from functions.refresh.filestores import SHOWN, File, referred_files, sizes_in
from functions.refresh.targets import BUDGET, Target, go_on, target_of
from shared.backups import read_manifest
from shared.blobs import Blobs
from shared.errors import PermanentError
from shared.estate import Estate
from shared.filestore import filestore_of, within_budget
from shared.masking import load_policy, plan_masking
from shared.messages.refresh import EnvironmentVerified, FilestoreCopied
from shared.odoo.checks import CheckResult, Expected
from shared.odoo.verify import verify
from shared.postgres.databases import Databases
from shared.runs import Again, Run


class VerificationFailed(PermanentError):
    """The refreshed environment is not what it has to be, so nobody gets to see it."""


def verify_environment(
    copied: FilestoreCopied, *, run: Run, estate: Estate, blobs: Blobs, databases: Databases
) -> EnvironmentVerified | Again:
    """Check the database against the backup's manifest and the safety rules, every file by its
    SHA-1.

    Safe to repeat: it reads only. The files that were read are remembered in the checkpoint.

    Raises VerificationFailed, which names every check that failed.
    """
    target = target_of(run, estate)
    manifest, _ = read_manifest(blobs, copied.manifest, copied.manifest_sha256)
    with incoming_clone(databases, target, run) as connection:
        files = referred_files(connection, blobs, copied.manifest, manifest, target.environment)
        read_up_to: str = run.checkpoint.get("files_read_up_to", "")
        unread = [file for file in files if file.path > read_up_to]
        _refuse(target, [_files_are_there(blobs, target, files)])
        digests = within_budget(lambda file: blobs.digest(file.target, "sha1"), unread, BUDGET)
        _refuse(target, [_files_are_whole(unread, digests)])
        if len(digests) < len(unread):
            done = len(files) - len(unread) + len(digests)
            read_up_to = unread[len(digests) - 1].path
            return go_on(run, "read files", done, len(files), files_read_up_to=read_up_to)
        expected = Expected(
            clone=clone_of(run, target, estate, copied.source),
            rows=manifest.rows,
            modules=manifest.modules,
            foreign_keys=copied.foreign_keys,
            plan=plan_masking(connection, load_policy(target.environment.masking)),
        )
        results = verify(connection, expected)
    _refuse(target, results)
    return copied.become(EnvironmentVerified, checks=len(results) + 2)


def _files_are_there(blobs: Blobs, target: Target, files: Sequence[File]) -> CheckResult:
    there = sizes_in(blobs, filestore_of(target.environment))
    wrong = [file.path for file in files if there.get(file.target) != file.size]
    return _result("files-are-there", wrong, len(files), "missing or of another size")


def _files_are_whole(files: Sequence[File], digests: Sequence[str]) -> CheckResult:
    """``digests`` may be of the first few files only."""
    wrong = [file.path for file, digest in zip(files, digests, strict=False) if digest != file.sha1]
    return _result("files-are-whole", wrong, len(digests), "not what their names say")


def _result(name: str, wrong: Sequence[str], files: int, problem: str) -> CheckResult:
    shown = ", ".join(wrong[:SHOWN])
    detail = f"{len(wrong)} of {files} files are {problem}: {shown}" if wrong else f"{files} files"
    return CheckResult(name, not wrong, detail, {"files": files, "wrong": len(wrong)})


def _refuse(target: Target, results: Sequence[CheckResult]) -> None:
    failed = [result for result in results if not result.passed]
    if failed:
        raise VerificationFailed(
            f"{target.environment.name}: {len(failed)} checks failed: "
            + "; ".join(f"{result.name} ({result.detail})" for result in failed)
        )
