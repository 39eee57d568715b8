// The subscriptions of one topic, each with its rule in place of the one that matches everything.
param namespaceName string
param topicName string
param subscriptions array
param messageTimeToLive string

var filtered = filter(subscriptions, each => !empty(each.Rules))

resource subscription 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2026-01-01' = [for each in subscriptions: {
  name: '${namespaceName}/${topicName}/${each.Name}'
  properties: {
    lockDuration: each.Properties.LockDuration
    maxDeliveryCount: each.Properties.MaxDeliveryCount
    requiresSession: each.Properties.RequiresSession
    defaultMessageTimeToLive: messageTimeToLive
    deadLetteringOnMessageExpiration: each.Properties.DeadLetteringOnMessageExpiration
    deadLetteringOnFilterEvaluationExceptions: true
    forwardDeadLetteredMessagesTo: empty(each.Properties.ForwardDeadLetteredMessagesTo) ? null : each.Properties.ForwardDeadLetteredMessagesTo
  }
}]

resource rule 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = [for each in filtered: {
  name: '${namespaceName}/${topicName}/${each.Name}/$Default'
  properties: {
    filterType: 'CorrelationFilter'
    correlationFilter: { label: each.Rules[0].Properties.CorrelationFilter.Label }
  }
  dependsOn: [subscription]
}]
