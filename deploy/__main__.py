"""`deploy.sh`."""

import argparse
import sys
import time
from pathlib import Path

import deploy
from deploy.deployment import Deployment
from deploy.errors import DeployError, RollbackFailedError, RolledBackError
from deploy.interruption import Interrupted, interruptible
from deploy.layout import Layout
from deploy.report import Report
from deploy.state import Outcome, State

_HELP = """a version to bring in, which push.sh has sent; or
start: make what was good last run, after a reboot or a deployment that was cut off; or
stop: end everything, the data stays; or
backup: write both databases, as they are at one moment, into /var/backups/aware; or
restore: bring both databases back to what FILE holds, which KEY opens if it is encrypted; or
update-databases: replace MongoDB and RabbitMQ where their versions have newer images; or
again: bring the version that runs in anew, with settings and certificate as they are now; or
status: show what runs; or
operator: run the operator's command with what follows, such as `operator gateway weight 30`; or
leave: go back to VERSION, which is from before Swarm; or
forward: lead PORT of this machine's loopback to that of HOST, such as `forward rabbitmq 15672`"""
_ENDS = """It ends with 0: done; 1: it could not be begun, nothing was changed; 3: the version is no
good, the one before runs again; 4: that could not be brought back either, or a database did not
come back; 130: it was interrupted before anything was changed."""

_PLAIN = {
    "start": Deployment.start,
    "stop": Deployment.stop,
    "backup": Deployment.backup,
    "update-databases": Deployment.update_databases,
}


def main() -> int:
    """Do what the command line asks for; the exit status."""
    parser = argparse.ArgumentParser(prog="deploy.sh", description=deploy.__doc__, epilog=_ENDS)
    parser.add_argument("what", metavar="VERSION", help=_HELP)
    parser.add_argument("more", nargs=argparse.REMAINDER, help="what follows some of these")
    given = parser.parse_args()
    what: str = given.what
    more: list[str] = given.more
    if what == "restore" and len(more) not in (1, 2):
        parser.error("restore takes the FILE of a backup, and the KEY that opens an encrypted one")
    if what == "forward" and len(more) != 2:  # noqa: PLR2004
        parser.error("forward takes a HOST and a PORT, as in `forward rabbitmq 15672`")
    if what == "leave" and len(more) != 1:
        parser.error("leave takes a VERSION from before Swarm")
    if more and what not in ("restore", "operator", "forward", "leave"):
        parser.error(f"{what} takes nothing more")
    layout = Layout()
    state = State(layout.state)
    report = Report(layout.state / "log", what)
    try:
        return _do(what, more, Deployment(layout, state, report), state, report)
    except (DeployError, OSError) as error:
        report.say(f"error: {error}")
        return 4 if isinstance(error, RollbackFailedError) else 1
    except Interrupted:
        report.say("interrupted; nothing was changed")
        return 130


def _do(what: str, more: list[str], deployment: Deployment, state: State, report: Report) -> int:
    if what == "status":
        report.say(deployment.status())
        return 0
    if what == "operator":
        deployment.operate(more)
    if what == "forward":
        deployment.forward(*more)
    began = time.time()

    def waiting() -> None:
        report.say("another deployment is under way: waiting for its end")

    with interruptible(), state.lock(waiting) as waited:
        if what in _PLAIN:
            _PLAIN[what](deployment)
            return 0
        if what == "leave":
            deployment.leave(*more)
        if what == "restore":
            deployment.restore(*map(Path, more))
            return 0
        version = deployment.version if what == "again" else what
        last = state.outcome
        if waited and last is not None and last.version == version and last.at >= began:
            report.say(f"a deployment of {version} ended meanwhile: {last.words}")
            return last.status
        return _deploy(version, deployment, state, report)


def _deploy(version: str, deployment: Deployment, state: State, report: Report) -> int:
    """Deploy, and keep how it ended for one who waits, whose connection was cut perhaps."""
    status, words = 0, f"{version} is in"
    try:
        deployment.deploy(version)
    except RolledBackError as error:
        status, words = 3, str(error)
    except RollbackFailedError as error:
        status, words = 4, str(error)
    state.tell(Outcome(version, status, words, time.time()))
    report.say(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
