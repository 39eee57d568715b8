"""Where the two functions of this agent listen."""

from shared.notifying.wording import WORDS
from shared.runs.commands import ANNOUNCEMENTS

TOPIC = ANNOUNCEMENTS
HEARING = "notify-people"
ANNOUNCED = tuple(WORDS)
"""What the subscription lets through: everything that a webhook may be told of."""

NOTIFICATIONS = "notifications"
"""A topic of our own, so that who listens on ``run-events`` hears no copies."""
SENDING = "send-notification"
