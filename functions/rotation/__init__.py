"""Give an environment's Odoo a new login before the old one's password expires, without an outage.

    create     a second role beside the one in use, with a password of its own; it is tried
    write      the cluster's Secret, of both sides of a pair, and a new version in Key Vault
    restart    the pods, one after the other, until all are ready; the new login is tried again

Both logins work meanwhile. When anything fails the old one is written back, the pods are restarted
once more, the old login is tried, and the new one is shut. When the grace is over:

    revoke     the old login, unless another environment still has it; a try with it is refused
"""

from functions.rotation.create_login import create_login, withdraw_login
from functions.rotation.restart_workloads import restart_workloads
from functions.rotation.revoke_login import revoke_previous_login
from functions.rotation.write_secrets import restore_secrets, write_secrets
from shared.estate import Estate
from shared.messages.rotation import LoginSuperseded, SecretNearExpiry
from shared.runs import Runbook, Step


def concerned(event: SecretNearExpiry | LoginSuperseded, estate: Estate) -> tuple[str, ...]:
    """The environment itself; of a pair production, whose login its standby has, too."""
    named = estate.environment(event.environment)
    return (named.standby_of or named.name,)


RUNBOOK = Runbook(
    name="rotation",
    on=SecretNearExpiry,
    concerns=concerned,
    coalesce=lambda event: str(event.secret),
    steps=(
        Step(create_login, undo=withdraw_login),
        Step(write_secrets, undo=restore_secrets),
        Step(restart_workloads),
    ),
)
REVOCATION = Runbook(
    name="revocation",
    on=LoginSuperseded,
    concerns=concerned,
    coalesce=lambda event: event.login,
    steps=(Step(revoke_previous_login),),
)
