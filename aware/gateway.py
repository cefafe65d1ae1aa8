"""The commands of the gateway."""

import os
import sys

import click
import structlog

from canary.command import rollout
from canary.record import Record, record_path
from gateway.errors import GatewayError
from gateway.finding import find
from gateway.process import kept_settings, prepare
from gateway.render import render
from gateway.routes import all_apis, disagreements
from gateway.running import LiveTarget, RunningGateway
from gateway.settings import GatewaySettings
from gateway.splits import SplitNames, split_names, splits
from gateway.weight import count_versions, only_one, set_weight
from gateway.weight_file import WeightFile, percentage
from settings.environment import SettingError

_DEVIATIONS = 4
"""How many standard deviations a counted share may be off while others send requests too."""


class _Group(click.Group):
    """What a person can put right is one line on stderr and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (GatewayError, SettingError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def gateway() -> None:
    """Run and operate the gateway."""


gateway.add_command(rollout)


@gateway.command()
def run() -> None:
    """Become the gateway, in the foreground: Kong where there is one, else HAProxy."""
    settings = GatewaySettings.from_environment(os.environ)
    process = prepare(settings)
    log = structlog.get_logger("gateway")
    log.info("gateway_starting", kind=process.kind.value, listen=settings.listen)
    for limit in process.limits:
        log.warning("gateway_limit", kind=process.kind.value, limit=limit)
    sys.stdout.flush()
    environment = os.environ | process.environment
    os.execvpe(process.command[0], process.command, environment)  # noqa: S606 - no shell in between


@gateway.command()
@click.argument("words", nargs=-1, required=True, metavar="[SERVICE] PERCENT")
@click.option("--requests", default=100, show_default=True, help="To count; 0 counts none.")
def weight(words: tuple[str, ...], requests: int) -> None:
    """Send PERCENT of the requests to the old version from now on, and count where they go.

    They are those to SERVICE, which may be left out where only one has two versions.
    """
    *service, text = words
    if len(service) > 1:
        raise click.UsageError(f"Got unexpected extra argument ({words[1]})")
    try:
        percent = percentage(text, "PERCENT")
    except SettingError as error:
        raise click.UsageError(str(error)) from error
    settings, names = kept_settings(os.environ), split_names(*service)
    with only_one(settings.state):
        set_weight(settings, find(settings), percent, names.name)
    goes = f"{percent} % of the {names.requests} go to {names.first}"
    click.echo(f"{goes}, {100 - percent} % to {names.rest}")
    if requests:
        _prove(settings, names, percent, requests)


def _prove(settings: GatewaySettings, names: SplitNames, percent: int, requests: int) -> None:
    """Count; exit 1 where what is counted is not what was set, chance allowed for."""
    counted = count_versions(settings, requests, names.name)
    for version in names.versions:
        click.echo(f"  {version}: {counted[version]} of {requests}")
    expected = requests * percent / 100
    deviation = (requests * percent / 100 * (1 - percent / 100)) ** 0.5
    if abs(counted[names.first] - expected) > _DEVIATIONS * deviation:
        raise GatewayError(f"{names.first} was to answer about {expected:g} of {requests} requests")


@gateway.command()
def status() -> None:
    """Show what runs, where the requests go that are split, and what a restart would do."""
    settings = kept_settings(os.environ)
    running = find(settings)
    click.echo(f"{running.kind.value} at {settings.url}")
    for names in splits():
        _show(settings, running, names)


def _show(settings: GatewaySettings, running: RunningGateway, names: SplitNames) -> None:
    """One split."""
    click.echo(f"{names.first} gets {running.share(names.name)} % of the {names.requests}")
    first = settings.initial(names)
    kept = WeightFile(settings.state, names).read(first)
    click.echo(f"after a restart: {kept} % ({names.setting}, the first value: {first})")
    for target in running.targets(names.name):
        version = next(
            version
            for version, process in names.processes.items()
            if target.address in settings.targets_of(process)
        )
        click.echo(f"  {version} {target.address}: {_state(target)}")
    record = Record.read(record_path(settings, names))
    if record is not None and not record.finished:
        click.echo(
            f"an unfinished rollout from {record.plan.start} to {record.plan.to} "
            f"stands at {record.p}"
        )


def _state(target: LiveTarget) -> str:
    if not target.up:
        return "down"
    known = target.up + target.down
    return "up" if known == 1 else f"up at {target.up} of {known} addresses"


@gateway.command()
def routes() -> None:
    """Compare the routes with the specs; exit 1, with what to write, where they disagree."""
    _, configuration = render(GatewaySettings(p_value=50), 50)
    found = disagreements(configuration, all_apis(), {})
    for disagreement in found:
        click.echo(disagreement)
    if found:
        sys.exit(1)
    click.echo("the gateway's routes agree with the specs")
