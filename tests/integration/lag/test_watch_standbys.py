"""Upkeep measures pairs, remembers, and says once when a standby is too far behind."""

import json
from dataclasses import replace
from datetime import timedelta

from shared.errors import TemporaryError
from shared.estate import LagLimits
from shared.lag import Replication
from shared.postgres.pairs import Pairs
from tests.integration.lag.conftest import Site


def test_a_standby_that_has_everything_is_not_behind_however_long_nobody_writes(site, servers):
    servers.order()

    sample = site.measured(lambda each: each.behind == 0, "the standby to have everything")

    assert (sample.bytes, sample.seconds, sample.silent) == (0, 0, None)
    assert site.published() == []


def test_a_standby_that_does_not_replay_is_behind_although_nothing_would_be_lost(site, servers):
    site.measured(lambda each: each.behind == 0, "the standby to have everything")
    with servers.paused():
        sample = site.measured(
            lambda each: (each.replay_seconds or 0) > 0.2 and each.bytes == 0, "the replay to lag"
        )

    assert sample.seconds == 0


def test_a_breach_and_the_recovery_from_it_are_said_once_each_with_ids_of_their_episode(
    site, servers
):
    with servers.cut():
        site.watch_until(lambda: bool(site.published()), "the breach")
        site.watch()
        assert site.published() == ["lag-threshold-breached"]
    site.watch_until(lambda: len(site.published()) > 1, "the recovery")
    with servers.cut():
        site.watch_until(lambda: len(site.published()) > 2, "another breach")

    assert site.published() == ["lag-threshold-breached", "lag-recovered", "lag-threshold-breached"]
    ids = [json_id(envelope.body) for envelope in site.bus.sent]
    assert ids == ["acme-prod:1:breached", "acme-prod:1:recovered", "acme-prod:2:breached"]


def json_id(body: str) -> str:
    return str(json.loads(body)["id"])


def test_between_the_two_limits_nothing_is_said(servers, ledger):
    limits = LagLimits(
        threshold=timedelta(hours=1),
        recovered_below=timedelta(milliseconds=1),
        sustained=timedelta(milliseconds=100),
    )
    site = Site(servers, ledger, limits)
    with servers.cut():
        site.measured(lambda each: (each.seconds or 0) > 0.3, "some lag")
        site.watch()

    assert site.published() == []


def test_a_dead_primary_is_no_lag_and_its_last_word_is_kept(site, servers):
    servers.order()
    known = site.measured(lambda each: each.behind == 0, "the standby to have everything")
    servers.primary.hang()
    try:
        sample = site.replication.measure(site.pair)
    finally:
        servers.primary.resume()

    assert sample.primary is None
    assert sample.seconds is None
    assert "erp-prod" in sample.silent
    assert site.replication.samples.last_primary("acme-prod") == known.primary


def test_a_standby_that_falls_silent_counts_as_far_as_it_last_said(site, servers):
    site.measured(lambda each: each.behind == 0, "the standby to have everything")
    servers.standby.stop()
    try:
        servers.order()
        site.watch_until(lambda: bool(site.published()), "the breach")
    finally:
        servers.standby.start()

    assert site.published() == ["lag-threshold-breached"]


def test_old_samples_are_forgotten_but_for_the_last_words(site, servers):
    site.measured(lambda each: each.behind == 0, "the standby to have everything")
    for _ in range(3):
        site.replication.measure(site.pair)
    samples = site.replication.samples

    samples.prune(older_than=timedelta(0))

    everything = site.ledger.clock() - timedelta(days=1)
    assert len(samples.since("acme-prod", everything)) == 1
    assert samples.last_primary("acme-prod") is not None
    assert samples.last_standby("acme-prod") is not None


def test_an_address_that_cannot_be_looked_up_is_said_and_no_lag(site):
    def resolve(reference):
        raise TemporaryError("Key Vault acme cannot be reached.")

    nobody = Replication(site.estate, site.ledger, Pairs(site.estate, resolve))

    sample = nobody.measure(site.pair)

    assert sample.behind is None
    assert sample.silent.count("Key Vault acme cannot be reached.") == 2


class Mixed(Pairs):
    """A standby that was made from another primary."""

    def visit(self, primary, standby):
        words = super().visit(primary, standby)
        return replace(words, standby=replace(words.standby, system_identifier="1"))


def test_servers_that_are_no_copies_of_each_other_are_no_lag_and_that_is_said(site):
    strangers = Replication(site.estate, site.ledger, Mixed(site.estate, site.resolve))

    sample = strangers.measure(site.pair)

    assert sample.behind is None
    assert "no copy of this primary" in sample.silent
