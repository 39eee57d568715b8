"""Passes a message through the steps of the refresh runbook, as the engine would, without a bus."""

from collections.abc import Mapping
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from functions.refresh import RUNBOOK
from shared.blobs import Blobs
from shared.cluster import Cluster
from shared.estate import Environment, Secrets
from shared.messages import Message
from shared.resources import Resources
from shared.runs import Again, Run
from shared.runs.runbook import Action


class Passage:
    """One run: its steps can be done one by one, again, and undone."""

    def __init__(self, resources: Resources, environment: str, *, epoch: int) -> None:
        self.resources = resources
        self.id: UUID = uuid4()
        self.epoch = epoch
        self.environment = environment
        self.mine = True
        self.checkpoints: dict[str, Mapping[str, Any]] = {}
        self.inputs: dict[str, Message] = {}
        self._actions = {action.name: action for action in RUNBOOK.actions()}

    @property
    def short(self) -> str:
        return self.id.hex[:8]

    @property
    def cluster(self) -> Cluster:
        """Where the environment's workloads are."""
        return self.resources.clusters.of(self.resources.estate.environment(self.environment))

    def use_estate(self, environments: list[Environment]) -> None:
        """Go on with an estate of other environments; what connects to its servers stays."""
        estate = self.resources.estate.model_copy(update={"environments": tuple(environments)})
        self.resources = replace(self.resources, estate=estate)

    def use_secrets(self, **values: str) -> None:
        """Go on with these secrets, and no key but the tests'."""
        known = {"SIGNALBOX_MASKING_KEY": "a key of the tests, 32 bytes long"}
        self.resources = replace(self.resources, secrets=Secrets(known | values))

    def use_blobs(self, blobs: Blobs) -> None:
        """Go on with other blob storage."""
        self.resources = replace(self.resources, blobs=blobs)

    def look(self, name: str, message: Message) -> Message | Again | None:
        """One delivery of a step."""
        action = self._actions[name]
        self.inputs[action.undoes or name] = message
        result: Message | Again | None = action.handler(message, **self._given(action))
        if isinstance(result, Again):
            self.checkpoints[action.undoes or name] = result.checkpoint
        return result

    def do(self, name: str, message: Message) -> Any:
        """All deliveries of a step, until it is through."""
        deadline = monotonic() + 60
        while isinstance(result := self.look(name, message), Again):
            assert monotonic() < deadline, f"{name} is not through: {dict(result.checkpoint)}"
            Event().wait(min(result.after.total_seconds(), 0.1))
        return result

    def up_to(self, last: str, event: Message) -> Any:
        """Every step from the first to ``last``, each on what the one before it returned."""
        message = event
        for step in RUNBOOK.steps:
            message = self.do(step.name, message)
            if step.name == last:
                break
        return message

    def undo(self) -> None:
        """Undo every step that was begun, latest first."""
        for action in RUNBOOK.actions():
            if action.undoes in self.inputs:
                self.do(action.name, self.inputs[action.undoes])

    def _given(self, action: Action) -> dict[str, Any]:
        return {
            name: self._run(action) if name == "run" else getattr(self.resources, name)
            for name in action.resources
        }

    def _run(self, action: Action) -> Run:
        return Run(
            id=self.id,
            environment=self.environment,
            epoch=self.epoch,
            step=action.name,
            attempt=1,
            checkpoint=self.checkpoints.get(action.undoes or action.name, {}),
            still_mine=lambda: self.mine,
        )
