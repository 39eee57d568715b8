// The function app, on Flex Consumption: every step scales on its own subscription.
param name string
param location string
param tags object
param identityId string
param identityName string
param identityClientId string
param hostStorageName string
param packageContainerUrl string
param insightsAddress string
param busHost string
param blobEndpoint string
param ledgerHost string
param ledgerDatabase string
param vaultUri string
param outcomesEndpoint string
param kubernetesUrl string
param kubernetesCa string
param signInClientId string
param alertApplicationUri string
param subnetId string
param workspaceId string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  tags: union(tags, { 'azd-service-name': 'app' })
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' }
    functionAppConfig: {
      runtime: { name: 'python', version: '3.12' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 100
        // The page and alerts are answered at once; every other function may start from nothing.
        alwaysReady: [{ name: 'http', instanceCount: 1 }]
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    AzureWebJobsStorage__accountName: hostStorageName
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insightsAddress
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    AZURE_CLIENT_ID: identityClientId
    ServiceBus__fullyQualifiedNamespace: busHost
    ServiceBus__credential: 'managedidentity'
    ServiceBus__clientId: identityClientId
    // Tables belong to the role that is called like the database, whichever region's identity made them.
    SIGNALBOX_LEDGER_URL: 'postgresql://${identityName}@${ledgerHost}:5432/${ledgerDatabase}?options=-crole%3D${ledgerDatabase}'
    SIGNALBOX_BLOBS: blobEndpoint
    SIGNALBOX_ESTATE: '/home/site/wwwroot/estate.yaml'
    SIGNALBOX_EVENT_GRID_TOPIC: outcomesEndpoint
    SIGNALBOX_KUBERNETES_URL: kubernetesUrl
    SIGNALBOX_KUBERNETES_CA: kubernetesCa
    SIGNALBOX_API_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/signalbox-api-key)'
    SIGNALBOX_FORMS_SECRET: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/signalbox-forms-secret)'
    SIGNALBOX_MASKING_KEY: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/signalbox-masking-key)'
  }
}

// Requests that are not signed in are passed on: machines prove themselves to the app, which refuses
// everybody else.
resource signIn 'Microsoft.Web/sites/config@2025-03-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: empty(alertApplicationUri) ? [] : [alertApplicationUri] }
      }
    }
    login: { tokenStore: { enabled: false } }
  }
  dependsOn: [settings]
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = app.id
output host string = app.properties.defaultHostName
