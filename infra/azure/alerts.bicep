// What Azure Monitor tells: Signalbox, of databases and clusters in trouble; people, of Signalbox in trouble.
param name string
param tags object
param email string
param webhookUri string
param applicationObjectId string
param applicationUri string
param busId string
param ledgerId string
param workspaceId string
param location string

// Generated from the table of metrics that the app exports.
var rules = loadJsonContent('alert-rules.json')

resource signalbox 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(applicationObjectId)) {
  name: 'ag-${name}-events'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'signalbox'
    enabled: true
    webhookReceivers: [
      {
        name: 'accept-alert'
        serviceUri: webhookUri
        useCommonAlertSchema: true
        useAadAuth: true
        objectId: applicationObjectId
        identifierUri: applicationUri
        tenantId: tenant().tenantId
      }
    ]
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'on-call'
    enabled: true
    emailReceivers: [{ name: 'on-call', emailAddress: email, useCommonAlertSchema: true }]
  }
}

// Databases and clusters say so here only: Event Grid's health events are of virtual machines.
resource unhealthy 'Microsoft.Insights/activityLogAlerts@2026-01-01' = if (!empty(applicationObjectId)) {
  name: 'resource-unhealthy'
  location: 'global'
  tags: tags
  properties: {
    description: 'A database server or a cluster of this subscription is unavailable, and the platform is why.'
    enabled: true
    scopes: [subscription().id]
    condition: {
      allOf: [
        { field: 'category', equals: 'ResourceHealth' }
        {
          anyOf: [
            { field: 'resourceType', equals: 'Microsoft.DBforPostgreSQL/flexibleServers' }
            { field: 'resourceType', equals: 'Microsoft.ContainerService/managedClusters' }
          ]
        }
        { field: 'properties.currentHealthStatus', equals: 'Unavailable' }
        { field: 'properties.cause', equals: 'PlatformInitiated' }
      ]
    }
    actions: { actionGroups: [{ actionGroupId: signalbox.id }] }
  }
}

resource deadLettered 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'messages-dead-lettered'
  location: 'global'
  tags: tags
  properties: {
    description: 'Dead letters pile up: not even the function that parks them takes them.'
    severity: 2
    enabled: true
    scopes: [busId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'dead-letters'
          metricName: 'DeadletteredMessages'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}

resource ledgerDown 'Microsoft.Insights/metricAlerts@2026-01-01' = {
  name: 'ledger-down'
  location: 'global'
  tags: tags
  properties: {
    description: 'The ledger does not answer: nothing is started and nothing goes on.'
    severity: 1
    enabled: true
    scopes: [ledgerId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'alive'
          metricName: 'is_db_alive'
          timeAggregation: 'Maximum'
          operator: 'LessThan'
          threshold: 1
        }
      ]
    }
    actions: [{ actionGroupId: people.id }]
  }
}

resource measured 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [for each in rules: {
  name: each.name
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: each.name
    description: each.description
    severity: each.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: each.window
    autoMitigate: true
    // Before the app has ever spoken the workspace does not know what is asked.
    skipQueryValidation: true
    criteria: {
      allOf: [
        union(
          {
            criterionType: 'StaticThresholdCriterion'
            query: each.query
            timeAggregation: each.aggregation
            operator: each.operator
            threshold: each.threshold
            dimensions: map(each.dimensions, name => { name: name, operator: 'Include', values: ['*'] })
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          },
          empty(each.measure) ? {} : { metricMeasureColumn: each.measure[0] }
        )
      ]
    }
    actions: { actionGroups: [people.id] }
  }
}]
