"""Leading users to the region that serves, through what Azure offers for that."""

from shared.traffic.redirects import Redirect, RuleUnfit
from shared.traffic.traffic import Traffic

__all__ = ["Redirect", "RuleUnfit", "Traffic"]
