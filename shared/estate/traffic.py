"""How the world is led to the region that serves: DNS, Front Door or Traffic Manager."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from shared.estate.entry import EstateModel, HostName, ResourceGroup, Subscription

ResourceName = Annotated[str, StringConstraints(pattern=r"^[-A-Za-z0-9_.]{1,260}$")]
"""A resource's name in Azure."""

_ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")

Side = Literal["production", "standby"]
"""Which environment of a pair the world is led to."""


class TwoSides(EstateModel):
    """What every way of leading users has in common."""

    hosts: tuple[HostName, ...] = Field(min_length=1)
    """The production environment's host names that are led so."""
    subscription: Subscription
    """The subscription's id."""
    resource_group: ResourceGroup
    """The resource group."""
    production: ResourceName
    """What leads to the production environment's own side."""
    standby: ResourceName
    """What leads to its standby's."""

    @model_validator(mode="after")
    def _two_sides(self) -> Self:
        if self.production == self.standby:
            raise ValueError("production and standby are the same: nothing would be redirected")
        return self

    def target(self, side: Side) -> str:
        """What leads to that side."""
        return self.production if side == "production" else self.standby


class AzureDns(TwoSides):
    """Record sets of a zone of Azure DNS, one for each host name: ``production`` and ``standby``
    are the addresses (A) or the names (CNAME) of the regions' ingresses."""

    kind: Literal["azure-dns"]

    zone: HostName
    """The zone."""

    @property
    def record_type(self) -> Literal["A", "CNAME"]:
        """The type of its record sets."""
        return "A" if _ADDRESS.match(self.production) else "CNAME"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(_ADDRESS.match(self.production)) != bool(_ADDRESS.match(self.standby)):
            raise ValueError("production and standby must both be addresses or both be names")
        for host in self.hosts:
            if host != self.zone and not host.endswith(f".{self.zone}"):
                raise ValueError(f"{host} is not in zone {self.zone}")
        return self


class FrontDoor(TwoSides):
    """Two origins of an origin group of Front Door (Standard or Premium): the serving side's is
    enabled, the other one is not."""

    kind: Literal["front-door"]

    profile: ResourceName
    """The Front Door profile."""
    origin_group: ResourceName
    """The origin group that has both."""


class TrafficManager(TwoSides):
    """Two endpoints of a Traffic Manager profile: the serving side's is enabled, the other not."""

    kind: Literal["traffic-manager"]

    profile: ResourceName
    """The Traffic Manager profile."""


TrafficRule = Annotated[AzureDns | FrontDoor | TrafficManager, Field(discriminator="kind")]
