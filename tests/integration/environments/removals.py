"""A removal that failed, as far as those see it who only read the ledger."""

import psycopg

EVENT = """
    insert into events (source, id, type, body, received_at, disposition)
    values ('/t', 'e', 'environment-expired', '{}', now(), 'started')
"""
RUN = """
    insert into runs (id, runbook, environment, event_source, event_id, status, priority,
                      overdue_after, created_at, ended_at, reason)
    values (gen_random_uuid(), 'removal', %s, '/t', 'e', 'failed', 0, '1 h', now(), now(),
            'storage refuses')
"""


def fail_removal(ledger: str, name: str) -> None:
    with psycopg.connect(ledger) as connection:
        connection.execute(EVENT)
        connection.execute(RUN, [name])


def give_up(ledger: str) -> None:
    """As a person who cancels it."""
    with psycopg.connect(ledger) as connection:
        connection.execute("update runs set cancelled = 'ana'")
