"""NCRONTAB schedules in UTC: ``{second} {minute} {hour} {day} {month} {weekday}``."""

from dataclasses import dataclass
from datetime import datetime

from cronsim import CronSim, CronSimError


@dataclass(frozen=True)
class Schedule:
    """A schedule that Azure and this host read the same way."""

    expression: str
    """Six fields; the form with five fields has been given second 0."""

    @classmethod
    def parse(cls, text: str) -> "Schedule":
        """Check and normalise an expression.

        NCRONTAB differs from cron, on which this stands: it knows neither ``L``, ``W``, ``#`` nor
        weekday 7, and a day and a weekday must both hold. Such expressions are refused.

        >>> Schedule.parse("*/5 * * * *").expression
        '0 */5 * * * *'
        """
        fields = text.upper().split()
        if len(fields) == 5:
            fields = ["0", *fields]
        if len(fields) != 6:
            raise ValueError(f"schedule {text!r} has {len(fields)} fields; NCRONTAB has 6, or 5")
        _refuse_differences(text, day=fields[3], weekday=fields[5])
        schedule = cls(" ".join(fields))
        try:
            schedule.next_after(datetime(2000, 1, 1))  # noqa: DTZ001 - only to see it parsed
        except CronSimError as error:
            raise ValueError(f"schedule {text!r} is not NCRONTAB: {error}") from error
        return schedule

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than a moment."""
        return next(CronSim(self.expression, moment))


def _refuse_differences(text: str, *, day: str, weekday: str) -> None:
    if day in {"L", "LW"} or any(mark in weekday for mark in ("L", "#", "7")):
        raise ValueError(
            f"schedule {text!r} uses cron forms that NCRONTAB does not have: L, W, #, 7"
        )
    if day != "*" and weekday != "*":
        raise ValueError(
            f"schedule {text!r} restricts day and weekday: NCRONTAB wants both to hold, which this "
            "host cannot do; restrict one and check the other in the function"
        )
