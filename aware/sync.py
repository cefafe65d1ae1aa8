"""`user-relay` and `order-consumer`: the processes of the sync."""

import click

from processes import order_consumer, user_relay


@click.command("user-relay")
def relay_command() -> None:
    """Publish changes of contact data to RabbitMQ, until SIGTERM."""
    user_relay.run()


@click.command("order-consumer")
def consumer_command() -> None:
    """Bring orders into step with changes from RabbitMQ, until SIGTERM."""
    order_consumer.run()
