"""Parts of the queue that lack one guard each, by what they lack."""

from collections.abc import Mapping

from messaging.topology import Declarations
from tests.messaging.simulation.broker import BrokerServer
from tests.messaging.simulation.order_database import StandInParts
from tests.messaging.simulation.scheduler import Steps
from tests.messaging.simulation.world import Parts


class IsNotAnnounced(StandInParts):
    """A consumer knows of no parts but its own."""

    async def announce(self, parts: int) -> int:
        """Its own number."""
        return parts


class UnbindsFirst(BrokerServer):
    """Removes what must not be there before the rest is there, and takes returned messages."""

    def declare(self, declarations: Declarations) -> Steps[None]:
        """The other way round."""
        for binding in declarations.unbound:
            yield
            self._bindings.pop(binding, None)
        yield from super().declare(declarations)

    def on_return(self) -> None:
        """As if nothing had happened."""


FAULTY_PARTS: Mapping[str, Parts] = {
    "makes parts that nobody knows of": Parts(parts=IsNotAnnounced),
    "takes a message for stored that no part takes": Parts(broker=UnbindsFirst),
}
"""By the guard that is removed."""
