"""Databases that we make, mark, exchange and drop: administration of PostgreSQL servers."""
