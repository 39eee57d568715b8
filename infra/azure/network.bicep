// A private network: the app goes out through it, and everything it uses answers only inside.
param name string
param location string
param tags object
param endpoints array

var zones = union(map(endpoints, each => each.zone), [])

resource network 'Microsoft.Network/virtualNetworks@2025-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.60.0.0/22'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.60.0.0/24'
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: '10.60.1.0/24' }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for each in zones: {
  name: each
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (each, index) in zones: {
  parent: zone[index]
  name: name
  location: 'global'
  properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-09-01' = [for each in endpoints: {
  name: 'pep-${each.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: '${network.id}/subnets/endpoints' }
    privateLinkServiceConnections: [
      { name: each.name, properties: { privateLinkServiceId: each.id, groupIds: [each.group] } }
    ]
  }
}]

resource address 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-09-01' = [for (each, index) in endpoints: {
  parent: endpoint[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: each.name, properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', each.zone) } }]
  }
  dependsOn: [zone]
}]

output appSubnetId string = '${network.id}/subnets/app'
