"""Every runbook; the topology, the schemas and the host's functions follow from this table."""

from functions.environments import REMOVAL
from functions.environments import RUNBOOK as ENVIRONMENTS
from functions.failover import DRILL, REJOIN
from functions.failover import RUNBOOK as FAILOVER
from functions.filestore import RUNBOOK as FILESTORE
from functions.lag import CATCH_UP
from functions.lag import RUNBOOK as LAG
from functions.refresh import RUNBOOK as REFRESH
from functions.release import RUNBOOK as RELEASE
from functions.renewal import RUNBOOK as RENEWAL
from functions.rotation import REVOCATION
from functions.rotation import RUNBOOK as ROTATION
from functions.schedules import RUNBOOK as SCHEDULE

RUNBOOKS = (
    REFRESH,
    FAILOVER,
    REJOIN,
    DRILL,
    LAG,
    CATCH_UP,
    RELEASE,
    FILESTORE,
    SCHEDULE,
    ROTATION,
    REVOCATION,
    RENEWAL,
    ENVIRONMENTS,
    REMOVAL,
)
