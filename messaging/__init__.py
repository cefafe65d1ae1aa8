"""The sync: from the user database through RabbitMQ to the order database."""
