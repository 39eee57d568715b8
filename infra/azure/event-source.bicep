// One Azure service whose events reach the bus: delivered by the system topic's own identity, and kept
// in storage when the bus does not take them.
param name string
param location string
param tags object
param source string
param topicType string
param eventTypes array
param subjectBeginsWith string = ''
param subjectEndsWith string = ''
param busName string
param storageName string

var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource bus 'Microsoft.ServiceBus/namespaces@2026-01-01' existing = {
  name: busName

  resource events 'topics' existing = {
    name: 'platform-events'
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource deadLetters 'containers' existing = {
      name: 'event-dead-letters'
    }
  }
}

resource system 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgs-${name}'
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: { source: source, topicType: topicType }
}

resource delivers 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(bus::events.id, system.id, serviceBusDataSender)
  scope: bus::events
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
    principalId: system.identity.principalId
    principalType: 'ServicePrincipal'
    description: 'Event Grid puts events on this one topic; it cannot read it, nor send commands to an agent.'
  }
}

resource buries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, system.id, blobDataContributor)
  scope: storage::blobs::deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: system.identity.principalId
    principalType: 'ServicePrincipal'
    description: 'Event Grid keeps here what the bus did not take.'
  }
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
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'ServiceBusTopic'
        properties: { resourceId: bus::events.id }
      }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: storage.id, blobContainerName: storage::blobs::deadLetters.name }
      }
    }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
  }
  dependsOn: [delivers, buries]
}
