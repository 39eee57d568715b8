"""A Kubernetes API on this machine, for the official client and for kubectl.

``resources`` says what is served, ``store`` and ``journal`` keep it, ``api`` holds the verbs and
``ownership`` server-side apply; ``dispatch`` and ``server`` put them on HTTP. ``controllers`` moves
objects to where their specification says: ``workloads`` roll out, ``jobs`` run to their end, and
the ``kubelet`` starts the processes.
"""

from infra.local.kubernetes.cronjobs import ANNOTATION as FIRE_ANNOTATION
from infra.local.kubernetes.emulator import KubernetesEmulator
from infra.local.kubernetes.failures import ANNOTATION as FAILURE_ANNOTATION
from infra.local.kubernetes.failures import Failure

__all__ = ["FAILURE_ANNOTATION", "FIRE_ANNOTATION", "Failure", "KubernetesEmulator"]
