"""MongoDB and RabbitMQ of one release: started, set up, and replaced where somebody asks for it."""

from deploy.compose import Compose, pulling
from deploy.containers import Containers
from deploy.errors import DeployError
from deploy.interruption import uninterrupted
from deploy.report import Report

DATABASES = ("mongodb", "rabbitmq")
"""What keeps the data, in images of others."""

_SET_UP_AGAIN = ("python", "-m", "aware", "setup", "mongodb", "--wait", "60")
_TOLD = ("Pending: ", "Waiting: ")  # storage/evolution/words.py
_DEFINITIONS = "/etc/rabbitmq/definitions/rabbitmq.json"


class Databases:
    """Those of one release. A deployment starts and sets them up, and never replaces them."""

    def __init__(self, compose: Compose, containers: Containers, report: Report) -> None:
        """By its compose."""
        self._compose = compose
        self._containers = containers
        self._report = report

    def start(self) -> None:
        """Start those that do not run; never replace one unasked."""
        self._compose.once("rabbitmq-setup")
        self._compose.keep(*DATABASES)
        for service in DATABASES:
            self._containers.wait(service, lambda _: True)
            if self._compose.would_replace(service):
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
        (broker,) = self._containers.of("rabbitmq")
        self._containers.execute(broker, "rabbitmqctl", "import_definitions", _DEFINITIONS)
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

    def outdated(self) -> list[str]:
        """Which are not of the newest image of their version, or not as the files say.

        Raises DeployError where the images cannot be fetched.
        """
        with pulling(f"the images of {' and '.join(DATABASES)}"):
            self._compose.run("pull", "--quiet", *DATABASES)
        return [each for each in DATABASES if self._compose.would_replace(each)]

    def replace(self, service: str) -> None:
        """Give one a new container, on the data of the old one; return when it is healthy.

        It is away meanwhile: clients get 503, and what is under way is done afterwards.
        """
        self._report.say(f"{service}: another image or other settings: it is away for some seconds")
        self._compose.up(service)
        self._containers.wait(service, lambda _: True)

    def _tell(self, said: str) -> None:
        """What the set-up says of migrations."""
        for line in said.splitlines():
            if line.startswith(_TOLD):
                self._report.say(line)
