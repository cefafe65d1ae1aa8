"""`python -m processes.trial PROCESS`: whether a process could start now, without starting it."""

import sys

from processes.modules import imported, reason
from processes.settings import mongo_settings
from processes.start import CONFIG_ERRORS
from services.declaration import Service, System
from services.reading import declared
from storage.client import connect


def main() -> None:
    """Exit 0 where it could, else 1 with a line for each reason.

    Prints what tells the layout of its database from others, where it answers HTTP.
    """
    try:
        _compose(sys.argv[1])
    except CONFIG_ERRORS as error:
        sys.exit(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, who saved the file made it
        sys.exit(reason(error))


def _compose(process: str) -> None:
    system = declared()
    if process not in system.http:
        _compose_of_events(system, system.by_process[process], process)
        return
    service, version = system.http[process]
    imported("processes.service").composed(system, service, version)
    if service.database:
        stored = imported("processes.database")
        sys.stdout.write(stored.digest(stored.layout(mongo_settings(), service)))


def _compose_of_events(system: System, service: Service, process: str) -> None:
    imported("aware.run")
    if service.follows is None or service.follows.process != process:
        return
    subscriber = imported("processes.subscriber")
    settings = mongo_settings()
    database = connect(settings)[settings.database(service.database)]
    subscriber.applier(
        system,
        service,
        service.follows,
        database,
        metrics=subscriber.ConsumerMetrics(),
        problems=subscriber.Problems("database"),
    )


if __name__ == "__main__":
    main()
