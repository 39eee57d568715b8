// What Signalbox may change of the estate, one named resource at a time: what leads users to a region, and
// vaults whose secrets it rotates. They are not the template's, so nothing is allowed that is not named.
param id string
param identityPrincipalId string

var kind = toLower('${split(id, '/')[6]}/${split(id, '/')[7]}')
var name = last(split(id, '/'))
var dnsZoneContributor = 'befefa01-2a29-4197-83a8-272ff33ce314'
var trafficManagerContributor = 'a4b10055-b0c7-44c2-b00f-c7b5b3550cf7'
var cdnProfileContributor = 'ec156ff8-a8d1-4d15-830c-5b80698ca432'
var secretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'

resource zone 'Microsoft.Network/dnsZones@2018-05-01' existing = if (kind == 'microsoft.network/dnszones') {
  name: name
}

resource leadsByName 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'microsoft.network/dnszones') {
  name: guid(id, identityPrincipalId, dnsZoneContributor)
  scope: zone
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', dnsZoneContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A failover leads the hosts of this zone to the other region. Azure has no role for single records.'
  }
}

resource traffic 'Microsoft.Network/trafficManagerProfiles@2022-04-01' existing = if (kind == 'microsoft.network/trafficmanagerprofiles') {
  name: name
}

resource leadsByProfile 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'microsoft.network/trafficmanagerprofiles') {
  name: guid(id, identityPrincipalId, trafficManagerContributor)
  scope: traffic
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', trafficManagerContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A failover switches the two endpoints of this profile.'
  }
}

resource door 'Microsoft.Cdn/profiles@2024-02-01' existing = if (kind == 'microsoft.cdn/profiles') {
  name: name
}

resource leadsByOrigin 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'microsoft.cdn/profiles') {
  name: guid(id, identityPrincipalId, cdnProfileContributor)
  scope: door
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', cdnProfileContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A failover enables one origin of this Front Door and disables the other.'
  }
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = if (kind == 'microsoft.keyvault/vaults') {
  name: name
}

resource rotates 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (kind == 'microsoft.keyvault/vaults') {
  name: guid(id, identityPrincipalId, secretsOfficer)
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsOfficer)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
    description: 'A rotation writes the new secret into this vault; it needs no other vault.'
  }
}
