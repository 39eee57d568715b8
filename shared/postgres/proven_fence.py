"""A fence that was tried from outside, with the application's own login."""

from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.errors import TemporaryError
from shared.postgres.fencing import Fenced, FenceProof, fence, prove_fenced


class FenceUnproven(TemporaryError):
    """The fence was set, but a write attempt from outside was not refused by the server."""


@dataclass(frozen=True)
class ProvenFence:
    """A fence that stands, and what somebody was told who tried to write."""

    fenced: Fenced
    proof: FenceProof

    def as_json(self) -> dict[str, str | int]:
        """What is kept of it."""
        return {
            "how": self.proof.how,
            "said": self.proof.said,
            "at": self.proof.at.isoformat(),
            "lsn": self.fenced.lsn,
            "timeline": self.fenced.timeline,
        }


def fence_and_prove(
    dsn: str, application_dsn: str, database: str, *, side: str, epoch: int, run_id: str
) -> ProvenFence:
    """Fence a primary and try to write to it as the application does.

    ``dsn`` is the administrator's; of ``application_dsn`` only the login counts, so the other
    side's will do: roles are replicated.

    Raises what ``fence`` raises, and FenceUnproven.
    """
    fenced = fence(dsn, database, side=side, epoch=epoch, run_id=run_id)
    proof = prove_fenced(_login_at(application_dsn, dsn, database))
    if not proof.proven:
        raise FenceUnproven(
            f"{side} is fenced, but a write attempt with the application's login was not refused "
            f"({proof.how}: {proof.said}): look at the roles of database {database}"
        )
    return ProvenFence(fenced, proof)


def _login_at(application_dsn: str, dsn: str, database: str) -> str:
    """The application's login at the administrator's server."""
    place = conninfo_to_dict(dsn)
    reached = {name: place[name] for name in ("host", "hostaddr", "port") if name in place}
    return make_conninfo(application_dsn, **reached, dbname=database)
