"""Manifests of backups, for tests that need one and not the backup."""

from typing import Any

from shared.odoo.manifest import BackupManifest


def manifest(**facts: Any) -> BackupManifest:
    """One of acme-prod, with nothing in it but the facts that a test is about; those of its archive
    and its listing of files are merged."""
    archive = {"path": "acme-prod/1/database.dump", "size": 7, "sha256": "a" * 64}
    listing: dict[str, Any] = {
        "container": "filestore",
        "prefix": "acme-prod/",
        "files": 0,
        "bytes": 0,
        "path": "acme-prod/1/filestore.jsonl",
        "sha256": "b" * 64,
    }
    known: dict[str, Any] = {
        "environment": "acme-prod",
        "taken_at": "2026-11-22T02:00:00Z",
        "database": "acme_prod",
        "server_version": 180000,
        "system_identifier": "7",
        "rows": {},
        "modules": {},
        "sequences": {},
        "archive": archive | facts.pop("archive", {}),
        "filestore": listing | facts.pop("filestore", {}),
    }
    return BackupManifest.model_validate(known | facts)
