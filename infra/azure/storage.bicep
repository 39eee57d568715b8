// Two accounts: what the Functions host keeps, and what the estate keeps.
param token string
param location string
param tags object
param evidenceDays int
param evidenceLocked bool
param isPrivate bool
param workspaceId string
param identityPrincipalId string

var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var blobDelegator = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a'

resource host 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: 'sthost${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }

  resource hostBlobs 'blobServices' = {
    name: 'default'

    resource package 'containers' = {
      name: 'app-package'
    }
  }
}

resource data 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: 'stdata${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_GZRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: data
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: 14 }
    containerDeleteRetentionPolicy: { enabled: true, days: 14 }
  }
}

resource backups 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'backups'
}

resource filestore 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'filestore'
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'event-dead-letters'
}

resource evidence 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = {
  parent: blobs
  name: 'evidence'
  properties: {
    immutableStorageWithVersioning: { enabled: true }
  }
}

resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2026-04-01' = if (!evidenceLocked) {
  parent: evidence
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: evidenceDays
    allowProtectedAppendWrites: false
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-04-01' = {
  parent: data
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-backups-cool-down-and-go'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['backups/'] }
            actions: {
              baseBlob: {
                tierToCool: { daysAfterModificationGreaterThan: 14 }
                delete: { daysAfterModificationGreaterThan: 90 }
              }
              version: { delete: { daysAfterCreationGreaterThan: 14 } }
            }
          }
        }
        {
          name: 'old-versions-of-attachments-go'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['filestore/', 'event-dead-letters/'] }
            actions: {
              version: { delete: { daysAfterCreationGreaterThan: 14 } }
            }
          }
        }
      ]
    }
  }
}

resource ownsHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identityPrincipalId, blobDataOwner)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'The Functions host keeps leases and schedules of timers and the app package here, and nothing else is here.'
  }
}

resource readsBackups 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(backups.id, identityPrincipalId, blobDataReader)
  scope: backups
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataReader)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A refresh reads the backup and its manifest; it never writes one.'
  }
}

resource delegates 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(data.id, identityPrincipalId, blobDelegator)
  scope: data
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDelegator)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'The restore Job is given a URL of one archive for hours, signed with a key that only this role hands out; it opens nothing that the identity cannot read.'
  }
}

resource writesFilestore 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(filestore.id, identityPrincipalId, blobDataContributor)
  scope: filestore
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A refresh copies attachments from one prefix to another and deletes what the copy no longer has.'
  }
}

resource writesEvidence 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(evidence.id, identityPrincipalId, blobDataContributor)
  scope: evidence
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'Sealed evidence is written once; the container keeps it from being changed by anyone, this identity included.'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output hostId string = host.id
output hostName string = host.name
output packageContainerUrl string = '${host.properties.primaryEndpoints.blob}app-package'
output dataId string = data.id
output dataName string = data.name
output blobEndpoint string = data.properties.primaryEndpoints.blob
