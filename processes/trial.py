"""`python -m processes.trial PROCESS`: whether a process could start now, without starting it."""

import sys

from processes.modules import imported, reason
from processes.settings import mongo_settings
from processes.start import CONFIG_ERRORS
from services.reading import declared


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
        imported("aware.run")
        return
    service, version = system.http[process]
    imported("processes.service").composed(service, version, system.events)
    if service.database:
        stored = imported("processes.stored")
        sys.stdout.write(stored.digest(stored.layout(mongo_settings(), service)))


if __name__ == "__main__":
    main()
