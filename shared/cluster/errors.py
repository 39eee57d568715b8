"""What the Kubernetes API can answer instead of doing as it was told."""

from shared.errors import PermanentError


class ObjectMissing(PermanentError):
    """An object that the estate names is not in the cluster."""


class ClusterRefused(PermanentError):
    """The cluster refuses what was asked; no repetition will change its mind."""


class NamespaceTaken(PermanentError):
    """A namespace that we would make is there already, and somebody else's."""
