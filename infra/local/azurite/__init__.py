"""Blob storage: Azurite as a child process, installed from npm once."""

from infra.local.azurite.azurite import Azurite
from infra.local.azurite.install import AzuriteFailed

__all__ = ["Azurite", "AzuriteFailed"]
