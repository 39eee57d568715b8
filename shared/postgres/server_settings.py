"""What a Flexible Server is set to, read from and written to Azure's management plane."""

from collections.abc import Mapping

from azure.mgmt.postgresqlflexibleservers import PostgreSQLManagementClient
from azure.mgmt.postgresqlflexibleservers.models import (
    AdministratorMicrosoftEntraAdd,
    AdministratorMicrosoftEntraPropertiesForAdd,
    AuthConfigForPatch,
    BackupForPatch,
    ConfigurationForUpdate,
    ConfigurationProperties,
    HighAvailabilityForPatch,
    Server,
    ServerForPatch,
    ServerPropertiesForPatch,
)

from shared.arm import ORDER, RETRIES, asking_azure
from shared.estate import RunByAzure
from shared.postgres.promotion_debts import AFTER_RESTART, PromotionDebt, ServerFacts


class ServerSettings:
    """One server. Raises AzureOutOfReach, AzureRefuses."""

    def __init__(self, client: PostgreSQLManagementClient, place: RunByAzure) -> None:
        self._client = client
        self._place = (place.resource_group, place.resource)

    def facts(self) -> ServerFacts:
        """What it is set to now."""
        with asking_azure():
            server = self._client.servers.get(*self._place, retry_total=RETRIES)
            return _facts(server, self._parameters(), self._administrators())

    def repair(self, debt: PromotionDebt) -> None:
        """Order what pays the debt; Azure takes minutes, and looks are how one knows.

        Safe to repeat: it sets, and Azure refuses while it works on the server (AzureBusy).
        """
        match debt.kind:
            case "pgbouncer" | "parameters":
                self._set(debt.what, debt.wanted)
            case "entra-administrator":
                self._admit(debt.what, debt.wanted)
            case "high-availability":
                mode = HighAvailabilityForPatch(mode=debt.wanted)
                self._change(ServerPropertiesForPatch(high_availability=mode))
            case "entra-login":
                login = AuthConfigForPatch(active_directory_auth=debt.wanted)
                self._change(ServerPropertiesForPatch(auth_config=login))
            case "backup":
                backup = BackupForPatch(backup_retention_days=int(debt.wanted))
                self._change(ServerPropertiesForPatch(backup=backup))

    def _parameters(self) -> dict[str, str]:
        found = self._client.configurations.list_by_server(*self._place, retry_total=RETRIES)
        return {
            str(each.name): _value(each.properties)
            for each in found
            if each.properties is not None and each.properties.source == "user-override"
        }

    def _administrators(self) -> dict[str, str]:
        known = self._client.administrators_microsoft_entra
        found = known.list_by_server(*self._place, retry_total=RETRIES)
        return {
            str(each.properties.object_id): (
                f"{_plain(each.properties.principal_type)} {each.properties.principal_name}"
            )
            for each in found
            if each.properties is not None
        }

    def _change(self, properties: ServerPropertiesForPatch) -> None:
        change = ServerForPatch(properties=properties)
        with asking_azure():
            self._client.servers.begin_update(*self._place, change, **ORDER)

    def _set(self, name: str, value: str) -> None:
        wanted = ConfigurationProperties(value=value, source="user-override")
        change = ConfigurationForUpdate(properties=wanted)
        with asking_azure():
            self._client.configurations.begin_update(*self._place, name, change, **ORDER)

    def _admit(self, object_id: str, who: str) -> None:
        kind, _, name = who.partition(" ")
        wanted = AdministratorMicrosoftEntraPropertiesForAdd(
            principal_type=kind, principal_name=name
        )
        added = AdministratorMicrosoftEntraAdd(properties=wanted)
        with asking_azure():
            known = self._client.administrators_microsoft_entra
            known.begin_create_or_update(*self._place, object_id, added, **ORDER)


def _value(properties: ConfigurationProperties) -> str:
    return f"{properties.value}{AFTER_RESTART if properties.is_config_pending_restart else ''}"


def _facts(
    server: Server, parameters: Mapping[str, str], administrators: Mapping[str, str]
) -> ServerFacts:
    found = server.properties
    availability = found and found.high_availability
    login = found and found.auth_config
    backup = found and found.backup
    return ServerFacts(
        name=str(server.name),
        high_availability=_plain(availability and availability.mode),
        entra_login=_plain(login and login.active_directory_auth),
        geo_backup=_plain(backup and backup.geo_redundant_backup),
        backup_days=int((backup and backup.backup_retention_days) or 0),
        parameters=parameters,
        entra_administrators=administrators,
    )


def _plain(value: object) -> str:
    """As Azure spells it: the SDK makes enumerations of what it knows."""
    return str(getattr(value, "value", value) or "Disabled")
