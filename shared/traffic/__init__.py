"""Leading users to the region that serves, through what Azure offers for that."""

from shared.traffic.redirects import Redirect, RuleUnfit, StaleEpoch
from shared.traffic.traffic import Traffic

__all__ = ["Redirect", "RuleUnfit", "StaleEpoch", "Traffic"]
