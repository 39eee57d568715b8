"""Switch on what exchanges data with others, in business order, each behind its own check."""

from collections.abc import Iterator
from datetime import timedelta

from functions.failover.sides import now, pair_of
from shared.cluster import Clusters
from shared.estate import Estate, Integration, Service
from shared.ledger import Pair
from shared.messages.failover import FailoverVerified, IntegrationsResumed
from shared.runs import Again, Run, still_mine

LOOK, LONGEST = timedelta(seconds=0.1), timedelta(seconds=10)


def resume_integrations(
    verified: FailoverVerified, *, run: Run, estate: Estate, clusters: Clusters
) -> IntegrationsResumed | Again:
    """Start the integrations of one service after those of the one before it are ready.

    Safe to repeat: what is started stays started.
    """
    pair = pair_of(verified, run, estate)
    cluster = clusters.of(pair.standby)
    held_back = dict(_held_back(verified, pair))
    still_mine(run)
    for service in Service:
        wanted = [
            each.workload
            for each in pair.production.integrations
            if each.service is service and each.name not in held_back
        ]
        if not cluster.start_workloads(pair.standby.namespace, wanted, epoch=run.epoch):
            progress = {"reason": f"waits for integrations: {service}"}
            return Again(LOOK, {"progress": progress}, at_most=LONGEST)
    return verified.become(
        IntegrationsResumed,
        resumed=tuple(e.name for e in _in_order(pair) if e.name not in held_back),
        held_back=tuple(f"{name}: {reason}" for name, reason in held_back.items()),
        resumed_at=now(),
    )


def _held_back(verified: FailoverVerified, pair: Pair) -> Iterator[tuple[str, str]]:
    """What must stay off, with the reason. A check that was not asked has failed."""
    found = {each.check: each for each in verified.findings}
    for integration in _in_order(pair):
        finding = found.get(integration.check)
        if finding is None:
            yield integration.name, f"{integration.check} was not checked"
        elif not finding.passed:
            yield integration.name, f"{integration.check}: {finding.detail}"


def _in_order(pair: Pair) -> list[Integration]:
    order = list(Service)
    return sorted(pair.production.integrations, key=lambda each: order.index(each.service))
