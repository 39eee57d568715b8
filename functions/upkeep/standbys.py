"""Watch every standby: remember how far it is behind, and say when that is too far."""

from concurrent.futures import ThreadPoolExecutor

from shared.lag import MEMORY, Replication, judge
from shared.ledger import Pair, Transaction
from shared.ledger.lag import LagSample
from shared.messages.lag import LagRecovered, LagThresholdBreached
from shared.runs import Runner
from shared.runs.publishing import publish_later

SOURCE = "/signalbox/lag"
AT_ONCE = 16
"""How many pairs are asked at the same time: a server that is silent keeps nobody else waiting."""

KINDS = {"breached": LagThresholdBreached, "recovered": LagRecovered}


def watch_standbys(replication: Replication, runner: Runner) -> None:
    """Measure every pair whose standby is meant to follow, and publish what has become true."""

    def watch(pair: Pair) -> None:
        sample = replication.measure(pair)
        runner.commit(lambda tx: _publish(tx, pair, sample))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(watch, replication.streaming()))


def _publish(tx: Transaction, pair: Pair, sample: LagSample) -> None:
    verdict = judge(tx, pair)
    if verdict is None:
        return
    what, episode = verdict
    name = pair.production.name
    event = KINDS[what](environment=name, seconds=sample.behind)
    publish_later(tx, event, id=f"{name}:{episode}:{what}", source=SOURCE)


def forget_lag_samples(replication: Replication) -> None:
    replication.samples.prune(older_than=MEMORY)
