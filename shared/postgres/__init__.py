"""Databases that we make, mark, exchange and drop: administration of PostgreSQL servers."""

from shared.postgres.databases import Databases

__all__ = ["Databases"]
