#!/bin/sh
# What a template cannot do: secrets that nobody has seen, and the ledger's database. azd runs it after each
# provisioning, with its own values in the environment; `azd hooks run postprovision` runs it again. Safe to repeat:
# a secret that is there stays.
set -eu

known=$(az keyvault secret list --vault-name "$VAULT_NAME" --query '[].name' --output tsv)
for name in signalbox-api-key signalbox-forms-secret signalbox-masking-key; do
  if ! echo "$known" | grep -qx "$name"; then
    az keyvault secret set --vault-name "$VAULT_NAME" --name "$name" --value "$(openssl rand -base64 48)" --output none
  fi
done

export PGHOST="$LEDGER_HOST" PGUSER="$SIGNALBOX_ADMIN_NAME"
export PGSSLMODE="${PGSSLMODE:-verify-full}" PGSSLROOTCERT="${PGSSLROOTCERT:-system}"
PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)
export PGPASSWORD
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres --output /dev/null --file "${0%/*}/ledger.sql" \
  --set identity="$IDENTITY_NAME" --set principal="$IDENTITY_PRINCIPAL_ID" --set database="$LEDGER_DATABASE"

# The app has looked for its secrets already; it looks again when it is told to, or a day later.
az rest --method post --uri "$APP_ID/config/configreferences/appsettings/refresh?api-version=2022-03-01" --output none ||
  echo "Azure would not look for the secrets again: restart the app when it is deployed, if it finds none" >&2
