"""What people are told by webhook: one short function per query."""

from shared.ledger.transaction import Transaction


def insert_notification(tx: Transaction, announcement: str, webhook: str) -> bool:
    """False when this webhook is told of it already."""
    facts = {"announcement": announcement, "webhook": webhook}
    return bool(tx.all_of("insert_notification", **facts))


def is_due(tx: Transaction, announcement: str, webhook: str) -> bool:
    """Whether it is to be delivered, and was not yet."""
    return bool(tx.all_of("notification_is_due", announcement=announcement, webhook=webhook))


def mark_delivered(tx: Transaction, announcement: str, webhook: str) -> None:
    facts = {"announcement": announcement, "webhook": webhook}
    tx.do("notification_delivered", **facts)
