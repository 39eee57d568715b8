"""What is still to be told to one webhook."""

from shared.messages import CloudEvent, Message


class Notification(Message):
    """An announcement on its way to a webhook. How it is worded is decided when it is posted."""

    webhook: str
    """Its name in the estate."""
    announcement: CloudEvent
