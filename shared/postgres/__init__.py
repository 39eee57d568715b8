"""Databases that we make, mark, exchange and drop: administration of PostgreSQL servers.

Nothing is imported here: the restore Job loads only the module that it is.
"""
