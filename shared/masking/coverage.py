"""Coverage: columns and modules that no rule decides on, each with a rule to propose."""

import re
from dataclasses import dataclass

from shared.errors import PermanentError
from shared.masking.catalogue import Column

_PROPOSALS: tuple[tuple[str, str], ...] = (
    (r"mail", "mask: email"),
    (r"phone|mobile|fax", "mask: phone"),
    (r"iban|acc_number", "mask: iban"),
    (r"vat|tax_id", "mask: vat"),
    (r"street|address", "mask: street"),
    (r"city", "mask: city"),
    (r"zip|passport|ssn|national|birth|plate", "mask: identifier"),
    (r"token|secret|password|passwd|key|credential", "clear"),
    (r"name|contact", "mask: name"),
)


class CoverageGap(PermanentError):
    """The masking policy does not say what to do with something; nothing has been masked."""


@dataclass(frozen=True)
class Gap:
    """A column that can hold personal data and has no usable verdict."""

    column: Column
    reason: str

    @property
    def path(self) -> str:
        """What the gap is about."""
        return self.column.path

    @property
    def proposal(self) -> str:
        """The verdict that the column's name and type suggest; a person decides."""
        if self.column.kind not in ("text", "json"):
            return "mask: year" if self.column.type == "date" else "clear"
        return proposal_for(self.column.name) or "mask: text"

    def __str__(self) -> str:
        column = self.column
        return f"{column.path} ({column.type}): {self.reason}; proposed: {self.proposal}"


@dataclass(frozen=True)
class ModuleGap:
    """An installed module of Odoo of which nobody has said that it reaches nobody."""

    module: str
    reason: str
    proposal = "quiet, if it calls no service, sends nothing and lets nobody in"

    @property
    def path(self) -> str:
        """What the gap is about."""
        return f"module {self.module}"

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; proposed: {self.proposal}"


def proposal_for(words: str) -> str | None:
    """The verdict that words about a column suggest, in lower case: its name, or a label."""
    return next((verdict for pattern, verdict in _PROPOSALS if re.search(pattern, words)), None)


def refuse_gaps(gaps: tuple[Gap | ModuleGap, ...]) -> None:
    """Raise CoverageGap, naming every gap, when there is one."""
    if gaps:
        listed = "\n".join(f"  {gap}" for gap in gaps)
        raise CoverageGap(
            f"{len(gaps)} columns and modules are not covered by the masking policy; "
            f"add a rule for each and start the run again:\n{listed}"
        )
