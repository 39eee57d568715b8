"""Blob storage: Azurite as a child process, installed from npm once."""

from infra.local.azurite.azurite import Azurite

__all__ = ["Azurite"]
