// Everything that Signalbox needs in Azure, in one resource group. No keys, no connection strings:
// every connection is the managed identity's, and local authentication is switched off.
targetScope = 'subscription'

@description('Short name of this deployment; it is in every name and tag.')
@minLength(2)
@maxLength(20)
param environmentName string

@description('Region of everything that has one.')
param location string

@description('Object id of the person or group that administers the ledger and keeps the secrets.')
param principalId string

@description('Name of that person (user principal name) or group, as PostgreSQL will show it.')
param principalName string

@allowed(['User', 'Group'])
param principalType string = 'Group'

@description('Premium is needed for a private network and for geo-replication; Standard is enough otherwise.')
@allowed(['Standard', 'Premium'])
param busSku string = 'Standard'

@description('Paired region that the bus replicates to; Premium only. Empty: none.')
param busReplicaLocation string = ''

@description('Compute size of the ledger.')
param ledgerSku string = 'Standard_D2ds_v5'

@description('Whether the ledger has a hot standby in another zone.')
param ledgerZoneRedundant bool = true

@description('Paired region with a read replica of the ledger, to go on from when this region is lost. Empty: none.')
param ledgerReplicaLocation string = ''

@description('Host of a ledger that is there already: the promoted replica, when a region was lost. Empty: the one of this deployment.')
param existingLedgerHost string = ''

@description('Whether everything is reached by private endpoints only.')
param privateNetwork bool = false

@description('Days for which sealed evidence can neither be changed nor deleted.')
@minValue(1)
param evidenceDays int = 2555

@description('Whether the policy that keeps evidence was locked: Azure lets nobody set it any more, so it is left alone.')
param evidenceLocked bool = false

@description('Who is mailed when Signalbox itself needs a person.')
param alertEmail string

@description('Object id of the Entra application of the alert webhook; empty: alerts are not turned into events.')
param alertApplicationObjectId string = ''

@description('Identifier URI of that application.')
param alertApplicationUri string = ''

@description('Whether the health of virtual machines in this subscription is listened to. Azure allows one such topic in a subscription: false in every deployment but one.')
param watchSubscription bool = true

@description('Client id of the Entra application that people sign in to; empty: nobody but machines with the key is let in.')
param signInClientId string = ''

@description('Resource id of the container registry, in this subscription and region, whose pushes promote releases. Empty: none, as in every deployment but one.')
param registryId string = ''

@description('API server of the cluster, for a function app outside it. Empty: the app runs in the cluster.')
param kubernetesUrl string = ''

@description('Certificate authority of that API server, base64, as AKS shows it; it is public.')
param kubernetesCa string = ''

@description('Resource ids, with commas between them, of what Signalbox changes in the estate: DNS zones, Traffic Manager and Front Door profiles that lead users, Key Vaults whose secrets it rotates.')
param changedResources string = ''

var tags = { 'azd-env-name': environmentName }
var token = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'identity.bicep' = {
  scope: group
  name: 'identity'
  params: { name: 'id-${environmentName}', location: location, tags: tags }
}

module monitoring 'monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    name: environmentName
    location: location
    tags: tags
    identityPrincipalId: identity.outputs.principalId
  }
}

module bus 'bus.bicep' = {
  scope: group
  name: 'bus'
  params: {
    name: 'sb-${token}'
    location: location
    tags: tags
    sku: busSku
    replicaLocation: busReplicaLocation
    isPrivate: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    identityPrincipalId: identity.outputs.principalId
  }
}

module storage 'storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    token: token
    location: location
    tags: tags
    evidenceDays: evidenceDays
    evidenceLocked: evidenceLocked
    isPrivate: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    identityPrincipalId: identity.outputs.principalId
  }
}

module vault 'vault.bicep' = {
  scope: group
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    isPrivate: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    identityPrincipalId: identity.outputs.principalId
    keeperPrincipalId: principalId
    keeperPrincipalType: principalType
  }
}

module ledger 'ledger.bicep' = {
  scope: group
  name: 'ledger'
  params: {
    name: 'psql-${token}'
    location: location
    tags: tags
    sku: ledgerSku
    isZoneRedundant: ledgerZoneRedundant
    replicaLocation: ledgerReplicaLocation
    isPrivate: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
    administratorId: principalId
    administratorName: principalName
    administratorType: principalType
  }
}

module network 'network.bicep' = if (privateNetwork) {
  scope: group
  name: 'network'
  params: {
    name: 'vnet-${environmentName}'
    location: location
    tags: tags
    endpoints: [
      { name: 'bus', id: bus.outputs.id, group: 'namespace', zone: 'privatelink.servicebus.windows.net' }
      { name: 'data', id: storage.outputs.dataId, group: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
      { name: 'host', id: storage.outputs.hostId, group: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}' }
      { name: 'vault', id: vault.outputs.id, group: 'vault', zone: 'privatelink.vaultcore.azure.net' }
      { name: 'ledger', id: ledger.outputs.id, group: 'postgresqlServer', zone: 'privatelink.postgres.database.azure.com' }
    ]
  }
}

module outcomes 'outcomes.bicep' = {
  scope: group
  name: 'outcomes'
  params: {
    name: 'evgt-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    identityPrincipalId: identity.outputs.principalId
  }
}

module app 'app.bicep' = {
  scope: group
  name: 'app'
  params: {
    name: 'func-${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityName: identity.outputs.name
    identityClientId: identity.outputs.clientId
    hostStorageName: storage.outputs.hostName
    packageContainerUrl: storage.outputs.packageContainerUrl
    insightsAddress: monitoring.outputs.insightsAddress
    busHost: bus.outputs.host
    blobEndpoint: storage.outputs.blobEndpoint
    ledgerHost: empty(existingLedgerHost) ? ledger.outputs.host : existingLedgerHost
    ledgerDatabase: ledger.outputs.database
    vaultUri: vault.outputs.uri
    outcomesEndpoint: outcomes.outputs.endpoint
    kubernetesUrl: kubernetesUrl
    kubernetesCa: kubernetesCa
    signInClientId: signInClientId
    alertApplicationUri: alertApplicationUri
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    workspaceId: monitoring.outputs.workspaceId
  }
}

module delivery 'event-identity.bicep' = {
  scope: group
  name: 'event-identity'
  params: {
    name: 'id-${environmentName}-events'
    location: location
    tags: tags
    busName: bus.outputs.name
    storageName: storage.outputs.dataName
  }
}

module duties 'duties.bicep' = [for (each, index) in empty(changedResources) ? [] : split(changedResources, ','): {
  scope: resourceGroup(split(each, '/')[2], split(each, '/')[4])
  name: 'duties-${environmentName}-${index}'
  params: { id: each, identityPrincipalId: identity.outputs.principalId }
}]

module backups 'event-source.bicep' = {
  scope: group
  name: 'events-of-backups'
  params: {
    name: 'backups'
    location: location
    tags: tags
    source: storage.outputs.dataId
    topicType: 'Microsoft.Storage.StorageAccounts'
    eventTypes: ['Microsoft.Storage.BlobCreated']
    subjectBeginsWith: '/blobServices/default/containers/backups/'
    subjectEndsWith: '/manifest.json'
    identityId: delivery.outputs.id
    topicId: delivery.outputs.topicId
    storageId: delivery.outputs.storageId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module expiries 'event-source.bicep' = {
  scope: group
  name: 'events-of-vault'
  params: {
    name: 'expiries'
    location: location
    tags: tags
    source: vault.outputs.id
    topicType: 'Microsoft.KeyVault.vaults'
    eventTypes: ['Microsoft.KeyVault.SecretNearExpiry', 'Microsoft.KeyVault.CertificateNearExpiry']
    identityId: delivery.outputs.id
    topicId: delivery.outputs.topicId
    storageId: delivery.outputs.storageId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module health 'event-source.bicep' = if (watchSubscription) {
  scope: group
  name: 'events-of-health'
  params: {
    name: 'health'
    location: 'global'
    tags: tags
    source: subscription().id
    topicType: 'Microsoft.ResourceNotifications.HealthResources'
    eventTypes: ['Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged']
    identityId: delivery.outputs.id
    topicId: delivery.outputs.topicId
    storageId: delivery.outputs.storageId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module pushes 'event-source.bicep' = if (!empty(registryId)) {
  scope: group
  name: 'events-of-registry'
  params: {
    name: 'pushes'
    location: location
    tags: tags
    source: registryId
    topicType: 'Microsoft.ContainerRegistry.Registries'
    eventTypes: ['Microsoft.ContainerRegistry.ImagePushed']
    identityId: delivery.outputs.id
    topicId: delivery.outputs.topicId
    storageId: delivery.outputs.storageId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module alerts 'alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: {
    name: environmentName
    tags: tags
    email: alertEmail
    webhookUri: 'https://${app.outputs.host}/api/alerts'
    applicationObjectId: alertApplicationObjectId
    applicationUri: alertApplicationUri
    busId: bus.outputs.id
    ledgerId: ledger.outputs.id
    workspaceId: monitoring.outputs.workspaceId
    location: location
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output IDENTITY_NAME string = identity.outputs.name
output IDENTITY_CLIENT_ID string = identity.outputs.clientId
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output LEDGER_HOST string = empty(existingLedgerHost) ? ledger.outputs.host : existingLedgerHost
output LEDGER_DATABASE string = ledger.outputs.database
output VAULT_NAME string = vault.outputs.name
output SERVICE_BUS_HOST string = bus.outputs.host
output BLOB_ENDPOINT string = storage.outputs.blobEndpoint
output APP_ID string = app.outputs.id
output APP_HOST string = app.outputs.host
