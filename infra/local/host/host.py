"""The host itself: load the app, start its triggers, stop without losing anything."""

import secrets
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
import uvicorn

from infra.local.host.app import load_app
from infra.local.host.config import ServiceBusConfig, read_host_config
from infra.local.host.connection import client_factory
from infra.local.host.http import HttpFunctions, build_web
from infra.local.host.invoker import Invoker
from infra.local.host.locks import LockKeeper
from infra.local.host.servicebus import Listener
from infra.local.host.timers import Timer
from infra.local.host.triggers import ServiceBusTrigger, TimerTrigger

log = structlog.get_logger(__name__)

KEY = "FUNCTIONS_HOST_KEY"
"""The app setting with the key for routes that are not anonymous; if absent, one is generated."""
READY_WITHIN = 20.0
"""Seconds that all listeners together may take to connect before start() gives up."""
GRACE = 30.0
"""Seconds that calls in progress may take to end when the host stops."""
LOOK = 0.1
"""Seconds between two looks at whether a listener needs more receivers."""


class HostNotReady(Exception):
    """A listener could not connect. Is the broker up, does the topic have the subscription?"""


class FunctionsHost:
    """Serves one function app in this process; handlers run on threads.

    The app is imported at once: AppInvalid says what is wrong with it. Inside ``with`` (or after
    ``start``) every trigger is connected.
    """

    def __init__(
        self, app_folder: Path, settings: Mapping[str, str], port: int = 0, *, grace: float = GRACE
    ) -> None:
        config = read_host_config(app_folder, settings)
        self.functions = load_app(app_folder, settings)
        """What function_app.py declares, in its order."""
        self.key = settings.get(KEY) or secrets.token_urlsafe(24)
        """Opens routes that are not anonymous: header ``x-functions-key`` or query ``code``."""
        self._port = port
        self._grace = grace
        self._stopping = threading.Event()
        self._invoker = Invoker()
        self._locks = LockKeeper(config.extensions.service_bus.max_auto_lock_renewal_duration)
        self._listeners = self._build_listeners(settings, config.extensions.service_bus)
        timers = [
            Timer(function, function.trigger, self._invoker)
            for function in self.functions
            if isinstance(function.trigger, TimerTrigger)
        ]
        self._triggers: list[Listener | Timer] = [*self._listeners, *timers]
        self._web = self._build_web(config.extensions.http.route_prefix)
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where HTTP is served, once started."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def state(self) -> str:
        """``Running`` while every listener is connected, ``Initialized`` otherwise."""
        connected = all(listener.connected for listener in self._listeners)
        return "Running" if connected else "Initialized"

    def start(self) -> None:
        """Start every trigger and return when all listeners are connected.

        Raises HostNotReady, with everything stopped again, when one cannot connect.
        """
        self.begin()
        try:
            self._wait_until_connected(time.monotonic() + READY_WITHIN)
        except HostNotReady:
            self.stop()
            raise

    def begin(self) -> None:
        """Start everything; listeners connect in the background and never give up."""
        listening = socket.create_server(("127.0.0.1", self._port))
        # asyncio does it for sockets it made itself; without it an answer takes 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listening.getsockname()[1]
        self._web_thread = threading.Thread(
            target=self._web.run, args=([listening],), name="http", daemon=True
        )
        self._web_thread.start()
        self._invoker.start()
        self._locks.start()
        for trigger in self._triggers:
            trigger.start()
        self._supervisor.start()
        log.info("host_started", url=self.url, functions=len(self.functions))

    def stop(self) -> None:
        """Take nothing new, let calls in progress end within the grace period, close all.

        A message whose call does not end in time stays unsettled, so it is delivered again.
        """
        if self._stopping.is_set():
            return
        deadline = time.monotonic() + self._grace
        self._stopping.set()
        self._web.should_exit = True
        for listener in self._listeners:
            listener.stopping.set()
        ended = [trigger.stop(deadline) for trigger in self._triggers]
        self._web_thread.join(max(1.0, deadline - time.monotonic()))
        self._locks.stop()
        self._invoker.stop()
        log.info("host_stopped", unfinished=ended.count(False))

    def _build_listeners(
        self, settings: Mapping[str, str], limits: ServiceBusConfig
    ) -> list[Listener]:
        return [
            Listener(
                function,
                function.trigger,
                client_factory(function.trigger.connection, settings),
                limits,
                self._invoker,
                self._locks,
            )
            for function in self.functions
            if isinstance(function.trigger, ServiceBusTrigger)
        ]

    def _build_web(self, prefix: str) -> uvicorn.Server:
        http = HttpFunctions(self.functions, self.key, self._invoker)
        config = uvicorn.Config(
            build_web(self.functions, http, self._invoker, prefix, lambda: self.state),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=max(1, round(self._grace)),
        )
        return uvicorn.Server(config)

    def _wait_until_connected(self, deadline: float) -> None:
        for listener in self._listeners:
            if not listener.opened.wait(max(0.0, deadline - time.monotonic())):
                raise HostNotReady(
                    f"function {listener.function.name!r} is not connected to {listener.trigger}: "
                    f"{listener.last_error}"
                )

    def _supervise(self) -> None:
        while not self._stopping.wait(LOOK):
            for listener in self._listeners:
                listener.look()
