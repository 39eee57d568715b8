"""What people and programs see and steer: the estate, runs, approvals, what is parked.

application    the one ASGI application, built at a desk
desk           what every handler works on
access         who may do what; nothing is open but health, style and script
api            JSON for programs
environments   those on request: until when, asking, extending, removing
pages          HTML for people, rendered here: no build step, and no script that is needed
links          deciding by the signed link of a notification
board          each environment as the estate and the ledger know it
timeline       one run as people follow it
metrics        what Prometheus asks
"""

from functions.console.application import build_console
from functions.console.desk import Desk

__all__ = ["Desk", "build_console"]
