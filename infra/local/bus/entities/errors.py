"""Why the broker refuses, as Service Bus says it.

BusError
+-- EntityNotFound
+-- EntityDisabled
+-- NotAllowed
+-- BadArgument
+-- MessageTooLarge
+-- MessageLockLost
+-- MessageNotFound
+-- SessionLockLost
+-- SessionCannotBeLocked
+-- TimedOut
+-- Unauthorized
+-- NotSupported
"""

from typing import ClassVar


class BusError(Exception):
    """A refusal: its AMQP ``condition``, its ``status`` as a response, and in words why."""

    condition: ClassVar[str]
    status: ClassVar[int] = 400


class EntityNotFound(BusError):
    """No queue, topic or subscription has this name."""

    condition = "amqp:not-found"
    status = 404


class EntityDisabled(BusError):
    """The entity exists and is switched off."""

    condition = "com.microsoft:entity-disabled"


class NotAllowed(BusError):
    """The entity does not do what was asked of it."""

    condition = "amqp:not-allowed"


class BadArgument(BusError):
    """A management request is incomplete or has values of the wrong type."""

    condition = "com.microsoft:argument-error"


class MessageTooLarge(BusError):
    """The message is larger than the broker takes."""

    condition = "amqp:link:message-size-exceeded"


class MessageLockLost(BusError):
    """The lock expired, or the message was settled before."""

    condition = "com.microsoft:message-lock-lost"
    status = 410


class MessageNotFound(BusError):
    """No deferred or scheduled message has this sequence number."""

    condition = "com.microsoft:message-not-found"
    status = 404


class SessionLockLost(BusError):
    """The receiver no longer holds the session."""

    condition = "com.microsoft:session-lock-lost"
    status = 410


class SessionCannotBeLocked(BusError):
    """Another receiver holds the session."""

    condition = "com.microsoft:session-cannot-be-locked"


class TimedOut(BusError):
    """No session became available in time."""

    condition = "com.microsoft:timeout"


class Unauthorized(BusError):
    """The connection brought no valid token."""

    condition = "amqp:unauthorized-access"
    status = 401


class NotSupported(BusError):
    """The broker does not know this operation."""

    condition = "amqp:not-implemented"
    status = 501
