"""When a standby is too far behind, as the estate says it or leaves it unsaid."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.estate import Environment, Failover, LagLimits, load_estate

ESTATE = load_estate(Path(__file__).parents[3] / "infra" / "local" / "estate.yaml")


def production(rpo: timedelta, limits: LagLimits) -> Environment:
    found = ESTATE.environment("acme-prod")
    return found.model_copy(update={"failover": Failover(rpo=rpo), "lag": limits})


@pytest.mark.parametrize(
    ("rpo", "limits", "threshold", "recovered"),
    [
        (timedelta(minutes=15), LagLimits(), timedelta(minutes=5), timedelta(minutes=2.5)),
        (timedelta(0), LagLimits(), timedelta(seconds=5), timedelta(seconds=2.5)),
        (
            timedelta(minutes=15),
            LagLimits(threshold=timedelta(minutes=1), recovered_below=timedelta(minutes=9)),
            timedelta(minutes=1),
            timedelta(minutes=1),
        ),
    ],
    ids=["a third of the RPO", "an RPO of nothing", "never recovered above the threshold"],
)
def test_the_limits_follow_from_the_rpo_unless_stated(rpo, limits, threshold, recovered):
    found = production(rpo, limits)

    assert (found.lag_threshold, found.lag_recovered_below) == (threshold, recovered)


def test_patience_ends_before_the_step_that_has_it():
    with pytest.raises(ValidationError, match="patience"):
        LagLimits(patience=timedelta(hours=13))
