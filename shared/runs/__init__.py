"""The engine: what runbooks and steps are, and what happens around a step.

intake      an event becomes runs, once
interlock   one run at a time changes an environment
attempts    how an attempt begins and ends, each in one transaction of the ledger
undoing     how a run turns back and ends
runner      the one place that calls steps
watchdog    what a crash left behind is taken up again
"""

from shared.runs.runbook import Again, LeaseLost, Priority, Run, Runbook, Step, still_mine
from shared.runs.runner import Runner

__all__ = ["Again", "LeaseLost", "Priority", "Run", "Runbook", "Runner", "Step", "still_mine"]
