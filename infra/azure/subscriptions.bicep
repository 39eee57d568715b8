// The subscriptions of one topic, each with its rules. The first takes the name, and so the place, of the
// one that Azure makes by itself and that matches everything.
param namespaceName string
param topicName string
param subscriptions array
param messageTimeToLive string

var rules = flatten(map(subscriptions, each => map(each.Rules, one => {
  name: '${each.Name}/${one.Name == each.Rules[0].Name ? '$Default' : one.Name}'
  label: one.Properties.CorrelationFilter.Label
})))

// One at a time: Service Bus refuses a change of a topic while it is busy with another.
@batchSize(1)
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

@batchSize(1)
resource rule 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2026-01-01' = [for each in rules: {
  name: '${namespaceName}/${topicName}/${each.name}'
  properties: {
    filterType: 'CorrelationFilter'
    correlationFilter: { label: each.label }
  }
  dependsOn: [subscription]
}]
