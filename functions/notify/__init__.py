"""Tell people what they need to know, where they are: by webhook, in Teams, in Slack.

``notify_people`` hears what is announced on ``run-events`` and writes one notification for each
webhook that the estate wants told, once per announcement. ``send_notification`` posts it; what a
receiver does not take is tried again by a scheduled copy, until it is given up and parked. Nothing
here is a step: no run waits for it, and none fails by it.
"""

from functions.notify.notify_people import notify_people
from functions.notify.send_notification import Sending, send_notification
from functions.notify.subscriptions import ANNOUNCED, HEARING, NOTIFICATIONS, SENDING, TOPIC

__all__ = [
    "ANNOUNCED",
    "HEARING",
    "NOTIFICATIONS",
    "SENDING",
    "TOPIC",
    "Sending",
    "notify_people",
    "send_notification",
]
