"""A production to try things on: an invented distribution company, its filestore and its backups.

``create_sample`` makes the database with Odoo 18's tables, ``import_dump`` takes a database of your
own instead; ``upload_filestore`` and ``take_backup`` put either into blob storage.
"""

from infra.local.sample.backup import TakenBackup, take_backup
from infra.local.sample.create import SampleSummary, create_sample
from infra.local.sample.dumps import (
    ImportedDump,
    ImportRefused,
    import_dump,
    require_odoo_dump,
)
from infra.local.sample.filestore import FileSink, UnsafeArchive, unpack_filestore, upload_filestore

__all__ = [
    "FileSink",
    "ImportRefused",
    "ImportedDump",
    "SampleSummary",
    "TakenBackup",
    "UnsafeArchive",
    "create_sample",
    "import_dump",
    "require_odoo_dump",
    "take_backup",
    "unpack_filestore",
    "upload_filestore",
]
