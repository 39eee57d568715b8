// Service Bus, with every topic, subscription and rule of infra/topology.json: no step can be forgotten.
param name string
param location string
param tags object
param sku string
param replicaLocation string
param isPrivate bool
param workspaceId string
param identityPrincipalId string

@description('How long a message waits for the app. The file says an hour, because the official emulator takes no more; an app that is away for a weekend must find its events.')
param messageTimeToLive string = 'P14D'

var topology = loadJsonContent('../topology.json')
var topics = topology.UserConfig.Namespaces[0].Topics
var serviceBusDataOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'

resource namespace 'Microsoft.ServiceBus/namespaces@2026-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: sku, tier: sku }
  properties: {
    minimumTlsVersion: '1.2'
    disableLocalAuth: true
    geoDataReplication: empty(replicaLocation) ? null : {
      maxReplicationLagDurationInSeconds: 0
      locations: [
        { locationName: location, roleType: 'Primary' }
        { locationName: replicaLocation, roleType: 'Secondary' }
      ]
    }
  }
}

// Event Grid has no private way in: as a trusted service it is let through where everyone else is not.
resource closed 'Microsoft.ServiceBus/namespaces/networkRuleSets@2026-01-01' = if (isPrivate) {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: 'Enabled'
    defaultAction: 'Deny'
    trustedServiceAccessEnabled: true
    // Azure denies nothing as long as there is no rule. This address is nobody's (RFC 5737).
    ipRules: [{ ipMask: '192.0.2.1', action: 'Allow' }]
  }
}

resource topic 'Microsoft.ServiceBus/namespaces/topics@2026-01-01' = [for each in topics: {
  parent: namespace
  name: each.Name
  properties: {
    defaultMessageTimeToLive: messageTimeToLive
    requiresDuplicateDetection: each.Properties.RequiresDuplicateDetection
    duplicateDetectionHistoryTimeWindow: each.Properties.DuplicateDetectionHistoryTimeWindow
  }
}]

// After every topic: subscriptions forward their dead letters to one of them.
module subscriptions 'subscriptions.bicep' = [for each in topics: {
  name: 'subscriptions-of-${each.Name}'
  params: {
    namespaceName: namespace.name
    topicName: each.Name
    subscriptions: each.Subscriptions
    messageTimeToLive: messageTimeToLive
  }
  dependsOn: [topic]
}]

resource owns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace.id, identityPrincipalId, serviceBusDataOwner)
  scope: namespace
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataOwner)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'Steps receive and send. Scaling reads the number of waiting messages, which only the owner role of the data plane may do.'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = namespace.id
output name string = namespace.name
output host string = '${namespace.name}.servicebus.windows.net'
