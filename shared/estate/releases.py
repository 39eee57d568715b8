"""Which images may be released at all, wherever they are to go."""

from collections.abc import Mapping
from typing import Literal

from shared.estate.azure import Pattern
from shared.estate.entry import EstateModel


class ReleaseRules(EstateModel):
    """Where a release may come from. Without a repository nothing is released."""

    repositories: tuple[Pattern, ...] = ()
    """Registry and repository: ``acme.azurecr.io/odoo``; ``*`` stands for any text."""

    annotations: Mapping[str, str] = {}
    """What whoever promotes a release must state of it: ``{ signed-by: release-pipeline }``."""

    uncovered: Literal["refuse", "warn"] = "refuse"
    """What becomes of a release with new modules that no masking policy has a verdict on: they
    would stop the next refresh. ``warn`` lets it go, and says so in the run and its evidence."""
