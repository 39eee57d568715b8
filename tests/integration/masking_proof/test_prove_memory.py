"""The proof's memory does not follow the size of the database."""

import subprocess
import sys
from pathlib import Path

from shared.masking import plan_masking
from shared.masking.proof import remember
from shared.postgres.marker import Database

from .conftest import EPOCH, KEY, RUN, policy

ROOT = Path(__file__).parents[3]
SEARCH = """
import resource, sys
import psycopg
from shared.masking import MaskingPlan
from shared.masking.catalogue import read_tables
from shared.masking.proof.originals import load_originals
from shared.masking.proof.seal import Seal
from shared.masking.proof.search import Search
from shared.masking.proof.spelling import Spelling

dsn, key, run = sys.argv[1], bytes.fromhex(sys.argv[2]), sys.argv[3]
seal = Seal(key, run)
with psycopg.connect(dsn, autocommit=True) as connection:
    searcher = load_originals(connection, Spelling.of(seal.spelling_key), seal)
    search = Search(connection, MaskingPlan((), (), ""), searcher)
    sizes = [search.table(table).bytes for table in read_tables(connection)]
print(sum(sizes), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def searched(dsn: str) -> tuple[int, int]:
    """Bytes that a process of its own read, and kilobytes that it had at most."""
    command = [sys.executable, "-c", SEARCH, dsn, KEY.hex(), RUN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    size, peak = done.stdout.split()
    return int(size), int(peak)


def test_the_peak_of_memory_does_not_grow_with_the_database(clone: Database, database: str) -> None:
    remember(clone, plan_masking(clone, policy()), KEY, run_id=RUN, epoch=EPOCH)
    clone.execute("create table body as select n as id, repeat('some words of a text ', 50) as text"
                  " from generate_series(1, 8000) as n")  # fmt: skip
    small, before = searched(database)
    clone.execute("insert into body select id, text from body, generate_series(1, 5)")
    large, after = searched(database)

    assert large > 5 * small > 40_000_000
    assert after < before + 8_000
