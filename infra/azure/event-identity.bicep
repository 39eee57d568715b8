// Who Event Grid is when it delivers. One identity for every source: topics of global sources, such as the
// health of a subscription, cannot have one of their own.
param name string
param location string
param tags object
param busName string
param storageName string

var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

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

resource delivers 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(bus::events.id, identity.id, serviceBusDataSender)
  scope: bus::events
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'Event Grid puts events on this one topic; it cannot read it, nor send commands to an agent.'
  }
}

resource buries 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage::blobs::deadLetters.id, identity.id, blobDataContributor)
  scope: storage::blobs::deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    description: 'Event Grid keeps here what the bus did not take.'
  }
}

output id string = identity.id
output topicId string = bus::events.id
output storageId string = storage.id
