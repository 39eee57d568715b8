"""The embedded Azure Functions host: the same function_app, triggers and HTTP paths as on Azure."""

from infra.local.host.app import AppInvalid
from infra.local.host.host import FunctionsHost, HostNotReady

__all__ = ["AppInvalid", "FunctionsHost", "HostNotReady"]
