"""The embedded platform's pair: it changes roles, and remembers them."""

from pathlib import Path

from infra.local.platform import Platform
from shared.postgres.fencing import prove_fenced
from shared.postgres.promotion import PlainPostgres, Promotion, PromotionOrder
from shared.postgres.rejoin import Rejoined, RejoinHook, RejoinOrder, rejoined
from tests.integration.failover_postgres.conftest import until

PRIMARY, STANDBY = "erp-prod", "erp-standby"


def follows(platform: Platform) -> bool:
    former, successor = platform.server(PRIMARY).dsn(), platform.server(STANDBY).dsn()
    return isinstance(rejoined(former, successor), Rejoined)


def test_a_pair_keeps_its_new_roles_over_a_restart_of_the_platform(tmp_path: Path) -> None:
    with Platform(tmp_path / "platform", app=None) as platform:
        platform.start_standby(STANDBY)
        platform.kill(PRIMARY)
        promoter = PlainPostgres(platform.server(STANDBY).dsn())
        assert isinstance(promoter.promote(PromotionOrder("acme_prod", 5, "run-1")), Promotion)

        hook = RejoinHook(platform.settings["ERP_PROD_REJOIN_URL"])
        until(
            lambda: hook.rejoin(RejoinOrder(PRIMARY, STANDBY, 5, "run-1")) is None,
            "the hook to be done",
        )
        until(lambda: follows(platform), "the old primary to follow")

    with Platform(tmp_path / "platform", app=None) as platform:
        until(lambda: follows(platform), "the old primary to follow again")
        assert prove_fenced(platform.server(PRIMARY).dsn()).how == "write-refused"
        assert prove_fenced(platform.server(STANDBY).dsn()).how == "write-accepted"
