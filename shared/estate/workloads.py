"""What runs on Kubernetes for an environment, and what exchanges data with others."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from shared.estate.entry import EstateModel, Name


class Workload(EstateModel):
    """Something on Kubernetes that uses the database."""

    kind: Literal["Deployment", "StatefulSet", "CronJob"] = "Deployment"
    """Its kind; a CronJob is suspended where the others are scaled to zero."""
    name: Name
    """Its name in the environment's namespace."""
    replicas: int = Field(default=1, ge=1)
    """How many pods it has while the environment is open. A CronJob has none."""
    scheduled: bool = False
    """Whether it runs Odoo's scheduled actions: then it works on exactly one side of a pair."""


class Service(StrEnum):
    """What an integration serves; after a failover they are resumed in this order."""

    ORDERS = "orders"
    CARRIERS = "carriers"
    MAIL = "mail"
    OTHER = "other"


class Integration(EstateModel):
    """A workload that exchanges data with others; after a failover it is the last to start."""

    name: Name
    """Its name, as evidence says it."""
    service: Service
    """What it serves: orders and warehouse first, then EDI and carriers, then mail, then others."""
    workload: Workload
    """What carries it, in the namespaces of both sides."""
    check: Literal[
        "sequences-ahead", "posted-entries-balance", "stock-matches-moves", "mail-not-sent-twice"
    ]
    """What must hold before it is switched on."""
