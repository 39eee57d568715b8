"""The estate: every environment that Signalbox looks after, described in one YAML file."""

from shared.estate.azure import AlertRule, AzureRules, HealthRule, ImageRule
from shared.estate.estate import Estate, UnknownCluster, UnknownEnvironment, UnknownServer
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
    RunByAzure,
    RunByCloudNativePg,
    RunByUs,
    ScaledDown,
    Server,
    Service,
    Workload,
)
from shared.estate.references import Reference, SecretReference
from shared.estate.secrets import SecretMissing, Secrets

__all__ = [
    "AlertRule",
    "AzureRules",
    "BlobFolder",
    "Cluster",
    "Database",
    "Easing",
    "Endpoint",
    "Environment",
    "EnvironmentClass",
    "Estate",
    "EstateInvalid",
    "Failover",
    "HealthRule",
    "ImageRule",
    "Integration",
    "LagLimits",
    "Reference",
    "Region",
    "RunByAzure",
    "RunByCloudNativePg",
    "RunByUs",
    "ScaledDown",
    "SecretMissing",
    "SecretReference",
    "Secrets",
    "Server",
    "Service",
    "UnknownCluster",
    "UnknownEnvironment",
    "UnknownServer",
    "Workload",
    "load_estate",
]
