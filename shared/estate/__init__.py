"""The estate: every environment that Signalbox looks after, described in one YAML file."""

from shared.estate.calendars import Calendar
from shared.estate.certificates import Certificate
from shared.estate.entries import (
    NoStandby,
    UnknownCluster,
    UnknownEnvironment,
    UnknownOffer,
    UnknownServer,
)
from shared.estate.environments import BlobFolder, Environment, EnvironmentClass
from shared.estate.estate import Estate
from shared.estate.failovers import Failover
from shared.estate.lags import Easing, LagLimits, ScaledDown
from shared.estate.load import EstateInvalid, load_estate
from shared.estate.offers import Offer
from shared.estate.references import Reference, SecretReference
from shared.estate.releases import Release, ReleaseRules
from shared.estate.schedules import RefreshSchedule, Schedule
from shared.estate.secrets import SecretMissing, Secrets
from shared.estate.servers import Database, RunByAzure, RunByCloudNativePg, RunByUs, Server
from shared.estate.workloads import Integration, Service, Workload

__all__ = [
    "BlobFolder",
    "Calendar",
    "Certificate",
    "Database",
    "Easing",
    "Environment",
    "EnvironmentClass",
    "Estate",
    "EstateInvalid",
    "Failover",
    "Integration",
    "LagLimits",
    "NoStandby",
    "Offer",
    "Reference",
    "RefreshSchedule",
    "Release",
    "ReleaseRules",
    "RunByAzure",
    "RunByCloudNativePg",
    "RunByUs",
    "ScaledDown",
    "Schedule",
    "SecretMissing",
    "SecretReference",
    "Secrets",
    "Server",
    "Service",
    "UnknownCluster",
    "UnknownEnvironment",
    "UnknownOffer",
    "UnknownServer",
    "Workload",
    "load_estate",
]
