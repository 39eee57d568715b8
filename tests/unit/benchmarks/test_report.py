"""The figures that are claimed follow from the laps."""

from benchmarks.track.race import Lap
from benchmarks.track.report import Figures, Report
from benchmarks.track.stopwatch import Stopwatch


def _laps(seconds: float, calls: tuple[float, ...] = (0.001, 0.003)) -> list[Lap]:
    return [Lap(8, 100, seconds, calls), Lap(1, 10, seconds, calls)]


def test_the_ratio_is_that_of_neighbouring_rounds_and_of_many_chains_at_a_time():
    raw = [*_laps(1.0), *_laps(2.0), *_laps(1.0)]
    engine = [*_laps(2.0), *_laps(2.5), *_laps(4.0)]

    report = Report.of(raw, engine, 8)

    assert report.ratios == (0.5, 0.8, 0.25)
    assert report.ratio == 0.5


def test_figures_are_per_second_and_in_milliseconds():
    calls = tuple(number / 1000 for number in range(1, 102))

    figures = Figures.of(_laps(2.0, calls))

    assert figures == Figures(50.0, 51.0, 96.0, 200.0, 51.0, 96.0)


def test_the_stopwatch_tells_of_the_end_of_chains_only():
    stopwatch, ends = Stopwatch(), []
    stopwatch.arrived = lambda: ends.append(len(stopwatch.deliveries))

    for last in (False, False, True):
        with stopwatch.timing(last=last):
            pass

    assert ends == [3]
