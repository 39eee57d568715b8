"""The estate as a whole: its entries, which fit together."""

from typing import Self

from pydantic import model_validator

from shared.estate.entries import Entries
from shared.estate.rules import RULES


class Estate(Entries):
    """Everything that Signalbox looks after."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if found := [problem for rule in RULES for problem in rule(self)]:
            raise ValueError("\n".join(found))
        return self
