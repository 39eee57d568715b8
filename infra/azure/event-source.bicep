// One Azure service whose events reach the bus by managed identity, and are kept in storage when the bus
// does not take them.
param name string
param location string
param tags object
param source string
param topicType string
param eventTypes array
param subjectBeginsWith string = ''
param subjectEndsWith string = ''
param identityId string
param topicId string
param storageId string
param workspaceId string

resource system 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgs-${name}'
  location: location
  tags: tags
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: { source: source, topicType: topicType }
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: system
  name: 'to-platform-events'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: eventTypes
      subjectBeginsWith: subjectBeginsWith
      subjectEndsWith: subjectEndsWith
    }
    deliveryWithResourceIdentity: {
      identity: { type: 'UserAssigned', userAssignedIdentity: identityId }
      destination: {
        endpointType: 'ServiceBusTopic'
        properties: { resourceId: topicId }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'UserAssigned', userAssignedIdentity: identityId }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: storageId, blobContainerName: 'event-dead-letters' }
      }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: system
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}
