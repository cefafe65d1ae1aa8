"""MongoDB and RabbitMQ of one release: started, set up, and replaced where somebody asks for it."""

from deploy.compose import Compose, pulling
from deploy.errors import DeployError
from deploy.interruption import uninterrupted
from deploy.release import Release
from deploy.report import Report
from deploy.services import DATABASES, Services

_SET_UP_AGAIN = ("python", "-m", "aware", "setup", "mongodb", "--wait", "60")
_TOLD = ("Pending: ", "Waiting: ")  # storage/evolution/words.py
_DEFINITIONS = "/etc/rabbitmq/definitions/rabbitmq.json"


class Databases:
    """Those of one release. A deployment starts and sets them up, and never replaces them."""

    def __init__(self, release: Release, services: Services, report: Report) -> None:
        """`services` are the release's."""
        self._compose = Compose(release, report)
        self._services = services
        self._report = report

    def start(self) -> None:
        """Start those that do not run; never replace one unasked."""
        self._compose.once("rabbitmq-setup")
        for service in DATABASES:
            self._services.keep(service)
            if self._services.would_replace(service):
                self._report.say(
                    f"warning: {service} runs with another image or older settings than this "
                    "version's, and goes on; `deploy.sh update-databases` replaces it"
                )

    def set_up(self, *, back: bool) -> None:
        """Bring what they hold up to what the release needs, `back` being the one before."""
        try:
            self._tell(self._compose.once("mongodb-setup"))
        except DeployError as error:
            if not back:
                raise
            # An older validator may refuse what the newer one let in; processes do not mind.
            self._report.say(
                f"warning: the databases stay as the newer version set them up: {error}"
            )
        self._services.execute("rabbitmq", "rabbitmqctl", "import_definitions", _DEFINITIONS)
        self._report.say("databases and broker are set up")

    def contract(self) -> None:
        """Change what is stored, now that no process of another version runs.

        A failure is no reason to go back: the version is good, and reads what is stored either way.
        """
        try:
            with uninterrupted():
                self._tell(self._compose.once("mongodb-setup", *_SET_UP_AGAIN))
        except DeployError as error:
            self._report.say(
                f"warning: what is stored could not be changed: {error}\nThe version runs all the "
                "same. Fix that, then: deploy.sh start"
            )

    def pull(self) -> None:
        """Fetch the newest images of their versions; raises DeployError where that fails."""
        with pulling(f"the images of {' and '.join(DATABASES)}"):
            self._compose.run("pull", "--quiet", *DATABASES)

    def _tell(self, said: str) -> None:
        """What the set-up says of migrations."""
        for line in said.splitlines():
            if line.startswith(_TOLD):
                self._report.say(line)
