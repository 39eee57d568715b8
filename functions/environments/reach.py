"""What an environment on request may connect to, and what it must not."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

from shared.errors import PermanentError, TemporaryError
from shared.estate import Estate, Offer
from shared.postgres.databases import Databases
from shared.postgres.urls import place_of


class ProductionInReach(PermanentError):
    """An offer lists addresses at which a server with real data answers."""


class NameUnknown(TemporaryError):
    """The name of a server with real data cannot be looked up, so nobody knows its address."""


def refuse_reach_of_production(offer: Offer, estate: Estate, databases: Databases) -> None:
    """Raise ProductionInReach or NameUnknown unless every production server is out of reach."""
    if not offer.egress:
        return
    for server in estate.servers:
        if server.role != "production":
            continue
        place = place_of(databases.dsn(server.name, "postgres"))
        for address in _addresses(place["host"]):
            for listed in offer.egress:
                if address in listed.cidr and int(place["port"]) in listed.ports:
                    raise ProductionInReach(
                        f"offer {offer.name} lets pods connect to {listed.cidr}, where "
                        f"{server.name} with real data answers at {address}: list narrower "
                        "addresses in its egress"
                    )


def _addresses(host: str) -> Iterator[IPv4Address]:
    try:
        found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NameUnknown(f"{host} cannot be looked up: {error}") from error
    for *_, address in found:
        yield IPv4Address(address[0])
