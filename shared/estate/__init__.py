"""The estate: every environment that Signalbox looks after, described in one YAML file."""

from shared.estate.azure import AlertRule, AzureRules, HealthRule, ImageRule
from shared.estate.calendars import Calendar, Freeze, MonthEnd, Weekday, Window
from shared.estate.certificates import Certificate
from shared.estate.entries import (
    NoStandby,
    UnknownCalendar,
    UnknownCluster,
    UnknownEnvironment,
    UnknownOffer,
    UnknownServer,
)
from shared.estate.environments import BlobFolder, Endpoint, Environment, EnvironmentClass
from shared.estate.estate import Estate
from shared.estate.failovers import Failover
from shared.estate.lags import Easing, LagLimits, ScaledDown
from shared.estate.load import EstateInvalid, load_estate
from shared.estate.offers import Offer
from shared.estate.references import Reference, SecretReference
from shared.estate.releases import Release, ReleaseRules
from shared.estate.schedules import RefreshSchedule, Schedule
from shared.estate.secrets import SecretMissing, Secrets
from shared.estate.servers import (
    Cluster,
    Database,
    Region,
    RunByAzure,
    RunByCloudNativePg,
    RunByUs,
    Server,
)
from shared.estate.workloads import Integration, Service, Workload

__all__ = [
    "AlertRule",
    "AzureRules",
    "BlobFolder",
    "Calendar",
    "Certificate",
    "Cluster",
    "Database",
    "Easing",
    "Endpoint",
    "Environment",
    "EnvironmentClass",
    "Estate",
    "EstateInvalid",
    "Failover",
    "Freeze",
    "HealthRule",
    "ImageRule",
    "Integration",
    "LagLimits",
    "MonthEnd",
    "NoStandby",
    "Offer",
    "Reference",
    "RefreshSchedule",
    "Region",
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
    "UnknownCalendar",
    "UnknownCluster",
    "UnknownEnvironment",
    "UnknownOffer",
    "UnknownServer",
    "Weekday",
    "Window",
    "Workload",
    "load_estate",
]
