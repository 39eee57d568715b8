"""The proof from end to end: remember before masking, search after it, certify."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from shared.errors import PermanentError
from shared.masking.catalogue import read_modules, read_tables
from shared.masking.maskers import maskers_ready
from shared.masking.plan import MaskingPlan
from shared.masking.proof.canaries import (
    COLUMNS,
    TABLE,
    canaries_of,
    plant_canaries,
    remove_canaries,
)
from shared.masking.proof.certificate import (
    Certificate,
    RuleCount,
    SignedCertificate,
    read_certificate,
    store_certificate,
)
from shared.masking.proof.content import fingerprint
from shared.masking.proof.elsewhere import places, search_place, unread
from shared.masking.proof.inspection import ClonedFile
from shared.masking.proof.originals import (
    Left,
    OriginalsLost,
    forget_originals,
    left_out,
    load_originals,
    remember_originals,
)
from shared.masking.proof.seal import Seal, Signer
from shared.masking.proof.search import Leak, Search, Searched, search_columns
from shared.masking.proof.spelling import Spelling
from shared.postgres.marker import CloneMarker, Database, require_clone

_RECORDS: LiteralString = """
create table if not exists signalbox.searched (
    part text primary key,
    content text not null,
    is_table boolean not null,
    files integer not null,
    rows bigint not null,
    bytes bigint not null,
    seconds double precision not null,
    leaks jsonb not null,
    documents jsonb not null,
    unread jsonb not null
);
comment on table signalbox.searched is
    'Tables, views and files that the proof has read, and the content of the database then.';
"""

_RECORD: LiteralString = """
insert into signalbox.searched values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_NAMED = 20

_BATCH = 64
"""Files that are read before the clock is asked again."""


class LeaksFound(PermanentError):
    """Originals that masking should have replaced are still in the clone; nobody gets to see it."""


class CanariesMissed(PermanentError):
    """The search did not find what was planted for it, so that it proves nothing."""


@dataclass(frozen=True)
class ProofProgress:
    """How far the search has come: tables, views and batches of files, of how many."""

    done: int
    of: int


def remember(
    connection: Database, plan: MaskingPlan, key: bytes, *, run_id: str, epoch: int
) -> Left:
    """Before masking: keep sealed hashes of what the plan is going to replace, in the clone.

    Safe to repeat: what was remembered once stays. The connection is in autocommit.

    Raises NotAClone, StaleEpoch, WeakMaskingKey, and OriginalsLost when masking has begun already.
    """
    marker = require_clone(connection, run_id=run_id, epoch=epoch)
    seal = Seal(key, marker.run_id)
    with maskers_ready((connection,), key):
        return remember_originals(connection, plan, Spelling.of(seal.spelling_key), seal)


def prove(
    connection: Database,
    plan: MaskingPlan,
    key: bytes,
    *,
    run_id: str,
    epoch: int,
    budget: timedelta,
    files: Sequence[ClonedFile] = (),
    on_progress: Callable[[ProofProgress], None] | None = None,
) -> SignedCertificate | ProofProgress:
    """After the last change: read every table once and certify that nothing was left.

    ``files`` are those of the filestore that the clone refers to; they are read, too.

    Returns a ProofProgress when the budget is used; call again. The certificate is kept in the
    clone. A table is read in one go, so a call can last as long as the largest one takes beyond
    its budget; what was read before a change of the database is read again.

    Raises LeaksFound, CanariesMissed, OriginalsLost, NotAClone, StaleEpoch.
    """
    deadline = monotonic() + budget.total_seconds()
    marker = require_clone(connection, run_id=run_id, epoch=epoch)
    content = fingerprint(connection)
    if (known := _certified(connection, key, run_id, content)) is not None:
        return known
    proof = _Proof.begin(connection, plan, key, marker, content)
    progress = proof.go_on(_parts(connection, proof.search, files), deadline, on_progress)
    if progress.done < progress.of:
        return progress
    return proof.certify(Signer(key))


@dataclass(frozen=True)
class _Proof:
    connection: Database
    plan: MaskingPlan
    marker: CloneMarker
    content: str
    left: Left
    seal: Seal
    search: Search
    inside: int
    whole: int

    @classmethod
    def begin(
        cls, connection: Database, plan: MaskingPlan, key: bytes, marker: CloneMarker, content: str
    ) -> "_Proof":
        seal = Seal(key, marker.run_id)
        searcher = load_originals(connection, Spelling.of(seal.spelling_key), seal)
        left = left_out(connection)
        if left is None or left.policy_hash != plan.policy_hash:
            raise OriginalsLost(
                f"database {connection.info.dbname} was masked by another policy than the one that "
                "the proof is asked for: restore the backup again"
            )
        connection.execute(_RECORDS)
        connection.execute("delete from signalbox.searched where content <> %s", (content,))
        search = Search(connection, plan, searcher)
        inside, whole = searcher.inside, searcher.whole
        return cls(connection, plan, marker, content, left, seal, search, inside, whole)

    def go_on(
        self,
        parts: Sequence["_Part"],
        deadline: float,
        on_progress: Callable[[ProofProgress], None] | None,
    ) -> ProofProgress:
        """Read part by part until the deadline."""
        done = {name for (name,) in self._records("part")}
        for part in parts:
            if part.name in done:
                continue
            if monotonic() >= deadline:
                break
            started = monotonic()
            self._record(part, part.search(), monotonic() - started)
            done.add(part.name)
            if on_progress is not None:
                on_progress(ProofProgress(len(done), len(parts)))
        return ProofProgress(len(done), len(parts))

    def certify(self, signer: Signer) -> SignedCertificate:
        """Judge what was found, and sign it if it is good."""
        planted, found = self._release_canaries()
        if found < planted:
            raise CanariesMissed(
                f"database {self.connection.info.dbname}: the search found {found} of {planted} "
                "planted values; this is a fault of Signalbox, and what it searched is not proven"
            )
        leaks = [Leak(**each) for (leaks,) in self._records("leaks") for each in leaks]
        if leaks:
            raise LeaksFound(_leaked(self.connection.info.dbname, leaks))
        signed = SignedCertificate.of(self._certificate(planted, found), signer)
        store_certificate(self.connection, signed)
        forget_originals(self.connection)
        self.connection.execute("drop table signalbox.searched")
        return signed

    def _release_canaries(self) -> tuple[int, int]:
        planted = plant_canaries(self.connection, canaries_of(self.seal.canary_key))
        searched = search_columns(self.search, TABLE, COLUMNS)
        remove_canaries(self.connection)
        return planted, sum(leak.rows for leak in searched.leaks)

    def _record(self, part: "_Part", found: Searched, seconds: float) -> None:
        leaks = Jsonb([asdict(leak) for leak in found.leaks])
        counts = Jsonb(dict(found.read)), Jsonb(dict(found.unread))
        place = part.name, self.content, part.is_table, part.files
        self.connection.execute(_RECORD, (*place, found.rows, found.bytes, seconds, leaks, *counts))

    def _records(self, column: LiteralString) -> Iterable[tuple[Any, ...]]:
        return self.connection.execute(f"select {column} from signalbox.searched")

    def _counted(self, column: LiteralString) -> dict[str, int]:
        counts = (Counter[str](each) for (each,) in self._records(column))
        return dict(sorted(sum(counts, Counter[str]()).items()))

    def _certificate(self, planted: int, found: int) -> Certificate:
        totals = """
            count(*) filter (where is_table), coalesce(sum(files), 0),
            coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint,
            coalesce(sum(seconds), 0)
        """
        ((tables, files, rows, size, seconds),) = self._records(totals)
        return Certificate(
            database=self.connection.info.dbname,
            run=self.marker.run_id,
            source=self.marker.source_database,
            content=self.content,
            modules=read_modules(self.connection),
            verdicts=dict(self.plan.verdicts),
            policy_sha256=self.plan.policy_hash,
            rules=tuple(_rule_counts(self.plan)),
            looked_for_inside=self.inside,
            looked_for_whole=self.whole,
            too_short=self.left.too_short,
            ambiguous=self.left.ambiguous,
            tables=tables,
            rows=rows,
            bytes=size,
            files=files,
            documents=self._counted("documents"),
            documents_not_read=self._counted("unread"),
            not_read=tuple(unread(self.connection)),
            leaks=0,
            canaries_planted=planted,
            canaries_found=found,
            seconds=round(seconds, 3),
            issued_at=datetime.now(UTC),
        )


@dataclass(frozen=True)
class _Part:
    """What is searched in one go."""

    name: str
    search: Callable[[], Searched]
    is_table: bool = False
    files: int = 0


def _parts(connection: Database, search: Search, files: Sequence[ClonedFile]) -> tuple[_Part, ...]:
    tables = (
        _Part(table.path, partial(search.table, table), is_table=True)
        for table in read_tables(connection)
    )
    others = (_Part(place, partial(search_place, search, place)) for place in places(connection))
    batches = (files[begin : begin + _BATCH] for begin in range(0, len(files), _BATCH))
    stored = (
        _Part(f"files from {batch[0].path}", partial(search.files, batch), files=len(batch))
        for batch in batches
    )
    return (*tables, *others, *stored)


def _certified(
    connection: Database, key: bytes, run_id: str, content: str
) -> SignedCertificate | None:
    signed = read_certificate(connection)
    if signed is None or not signed.is_valid(Signer(key).public_key):
        return None
    certificate = signed.certificate
    return signed if (certificate.run, certificate.content) == (run_id, content) else None


def _leaked(database: str, leaks: list[Leak]) -> str:
    listed = "\n".join(f"  {leak}" for leak in leaks[:_NAMED])
    return (
        f"{len(leaks)} columns of {database} still hold what masking should have replaced; "
        f"mend the masking policy and start the run again:\n{listed}"
    )


def _rule_counts(plan: MaskingPlan) -> Iterable[RuleCount]:
    places: dict[str, list[str]] = {}
    for table in plan.tables:
        for planned in table.columns:
            verdict = f"mask {planned.masker}" if planned.masker else "clear"
            places.setdefault(verdict, []).append(table.table.path)
        if table.drop_rows:
            places.setdefault("drop rows", []).append(table.table.path)
    return (
        RuleCount(verdict=verdict, columns=len(tables), tables=len(set(tables)))
        for verdict, tables in sorted(places.items())
    )
