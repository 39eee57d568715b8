"""The estate: every environment that Signalbox looks after, described in one YAML file."""

from shared.estate.azure import AlertRule, AzureRules, HealthRule, ImageRule
from shared.estate.calendars import Calendar, Freeze, MonthEnd, Weekday, Window
from shared.estate.certificates import Certificate
from shared.estate.estate import (
    Estate,
    UnknownCalendar,
    UnknownCluster,
    UnknownEnvironment,
    UnknownOffer,
    UnknownServer,
)
from shared.estate.load import EstateInvalid, load_estate
from shared.estate.models import (
    BlobFolder,
    Cluster,
    Database,
    Easing,
    Endpoint,
    Environment,
    EnvironmentClass,
    Failover,
    Integration,
    LagLimits,
    Region,
    Release,
    RunByAzure,
    RunByCloudNativePg,
    RunByUs,
    ScaledDown,
    Server,
    Service,
    Workload,
)
from shared.estate.offers import Offer
from shared.estate.references import Reference, SecretReference
from shared.estate.releases import ReleaseRules
from shared.estate.schedules import RefreshSchedule, Schedule
from shared.estate.secrets import SecretMissing, Secrets

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
