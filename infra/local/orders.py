"""Customers who order all the time, and write down what they were told was ordered."""

import base64
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Self

import psycopg

from shared.cluster.api import Api
from shared.errors import StepError
from shared.estate import Environment

ORDER = """
    insert into sale_order (name, state, company_id, partner_id, partner_invoice_id,
        partner_shipping_id, picking_policy, warehouse_id, date_order, create_date)
    values (%s, 'draft', 1, 1, 1, 1, 'direct', 1, now() at time zone 'utc',
        now() at time zone 'utc')
"""
PAUSE_SECONDS = 0.005


class NoRoute(Exception):
    """No route leads to the host name now."""


@dataclass(frozen=True)
class Ordered:
    """An order of which the customer was told that it is committed."""

    name: str
    at: datetime
    port: int
    """Of the server that said so."""


class Customers:
    """Threads that order under a host name, wherever its route leads.

    Each resolves the name as a request would: the route that matches it, then the database Secret
    beside that route. A connection is kept until it breaks.
    """

    def __init__(self, kubernetes_url: str, sides: Sequence[Environment], host: str) -> None:
        self._api_url = kubernetes_url
        self._sides = sides
        self._host = host
        self._over = threading.Event()
        self._numbers = count(1)
        self._threads: list[threading.Thread] = []
        self.told: list[Ordered] = []

    def start(self, customers: int = 4) -> None:
        """Let so many order at the same time."""
        for number in range(customers):
            thread = threading.Thread(target=self._order_on, args=(f"LOAD/{number}",), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the last ones finish. Harmless when stopped."""
        self._over.set()
        for thread in self._threads:
            thread.join(10)

    def await_more(self, orders: int, *, seconds: float = 20) -> None:
        """Return when so many more were committed; raises TimeoutError."""
        wanted, end = len(self.told) + orders, time.monotonic() + seconds
        while len(self.told) < wanted:
            if time.monotonic() > end:
                raise TimeoutError(f"fewer than {orders} orders were taken in {seconds:g} s")
            time.sleep(0.01)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _order_on(self, prefix: str) -> None:
        api = Api(self._api_url)
        while not self._over.is_set():
            try:
                self._order_while_it_lasts(api, prefix)
            except (psycopg.Error, NoRoute, StepError):
                self._over.wait(PAUSE_SECONDS)

    def _order_while_it_lasts(self, api: Api, prefix: str) -> None:
        with psycopg.connect(self._database(api), autocommit=True, connect_timeout=2) as odoo:
            while not self._over.is_set():
                name = f"{prefix}/{next(self._numbers)}"
                odoo.execute(ORDER, [name])
                self.told.append(Ordered(name, datetime.now(UTC), odoo.info.port))
                self._over.wait(PAUSE_SECONDS)

    def _database(self, api: Api) -> str:
        for side in self._sides:
            route = api.read("IngressRoute", side.namespace, side.route)
            rules = [rule["match"] for rule in route["spec"]["routes"]]
            if any(f"Host(`{self._host}`)" in rule for rule in rules):
                secret = api.read("Secret", side.namespace, side.database_secret)
                return base64.b64decode(secret["data"]["url"]).decode()
        raise NoRoute(self._host)
