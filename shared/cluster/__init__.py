"""The Kubernetes clusters: Jobs that do heavy work, workloads that stand still, configuration.

Every change of something that outlives a run carries the run's epoch in an annotation; a run with
an older epoch is refused there, whatever it believes.
"""

from shared.cluster.cluster import Cluster
from shared.cluster.clusters import Clusters
from shared.cluster.errors import ClusterRefused, ObjectMissing
from shared.cluster.jobs import JobState
from shared.cluster.permissions import Permission

__all__ = ["Cluster", "ClusterRefused", "Clusters", "JobState", "ObjectMissing", "Permission"]
