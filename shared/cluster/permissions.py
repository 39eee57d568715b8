"""What an identity may do in a namespace, as a rule of a Role says it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one resource."""

    verb: str

    resource: str
    """Plural; a subresource follows a slash, as in ``pods/log``."""
    group: str = ""

    name: str = ""
    """The only object that it is about; empty means all of them."""

    def __str__(self) -> str:
        qualified = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {qualified} {self.name}".rstrip()

    def in_namespace(self, namespace: str) -> dict[str, Any]:
        """The ``resourceAttributes`` of an access review."""
        resource, _, subresource = self.resource.partition("/")
        return {
            "namespace": namespace,
            "verb": self.verb,
            "group": self.group,
            "resource": resource,
            "subresource": subresource,
            "name": self.name,
        }
