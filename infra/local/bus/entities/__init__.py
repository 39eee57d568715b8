"""Queues, topics, subscriptions and sessions: what the broker promises, without I/O or AMQP.

Everything runs on one thread. Time comes from the clock that the ``Namespace`` is given, and what
must survive a restart is told to a ``Journal``.
"""
