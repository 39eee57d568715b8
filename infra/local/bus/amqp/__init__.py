"""The wire: AMQP 1.0 types, frames, connections, sessions and links as Service Bus speaks them."""
