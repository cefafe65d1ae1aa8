"""A rollout moves P while the new build is no worse than the old, and back at once if it is."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aware.gateway import gateway as commands
from canary.record import Record, record_path
from gateway.finding import find
from gateway.process import variables
from gateway.splits import split_names
from gateway.weight import set_weight
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.load import Load
from tests.gateway.measured import Sync, measure, running_sync
from tests.gateway.running import Running, elsewhere
from tests.waiting import until

FAST = ("--interval", "1s", "--look", "0.2s", "--step", "25", "--requests", "100")


@pytest.fixture
def sync(services: Services) -> Iterator[Sync]:
    """A sync that carries the changes of both builds, which count their answers."""
    with running_sync() as sync:
        for backend in (services.v1, services.v2):
            measure(backend, sync)
        yield sync


@pytest.fixture
def gateway(start: Start, sync: Sync) -> Running:
    """A gateway that sends all user requests to version 1."""
    return start(
        p_value=100,
        targets={"user-relay": (sync.relay.address,), "order-consumer": (sync.consumer.address,)},
    )


def rollout(gateway: Running, *arguments: str) -> Result:
    """Call `gateway rollout …`."""
    return CliRunner().invoke(
        commands, ["rollout", *FAST, *arguments], env=variables(gateway.settings)
    )


def p_of(gateway: Running) -> int:
    """Where P is."""
    return find(gateway.settings).share()


def written_report(gateway: Running) -> str:
    """The one report in the state folder."""
    (path,) = gateway.settings.state.glob("rollout-*.md")
    return path.read_text()


def assert_rolled_back(gateway: Running, result: Result, reason: str) -> None:
    """P is where it was; the exit status, the output and the report say why."""
    assert result.exit_code == 3, result.output
    assert p_of(gateway) == 100
    assert re.search(rf"^  {reason}: v1 .+, v2 .+, may be ", result.output, re.MULTILINE)
    report = written_report(gateway)
    assert "rolled back" in report
    assert re.search(rf"\| {reason} \|.+\| worse \|", report)


def test_a_healthy_build_gets_all_the_requests(gateway: Running) -> None:
    """Step by step, each judged good, without a failed request."""
    with Load(gateway.url) as load:
        result = rollout(gateway, "--to", "0")
    assert result.exit_code == 0, result.output
    assert p_of(gateway) == 0
    assert load.answers.failed == 0
    report = written_report(gateway)
    for p in (75, 50, 25, 0):
        assert f"## P {p}: good" in report
        assert f"P {p} of 100 to 0" in result.output
    print(report)  # noqa: T201


def test_a_build_with_a_few_percent_of_errors_is_rolled_back(
    gateway: Running, services: Services
) -> None:
    """Three in a hundred end in 500."""
    services.v2.behaviour.status = lambda number: 500 if number % 33 == 32 else 200
    with Load(gateway.url):
        result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert_rolled_back(gateway, result, "5xx")


def test_a_slow_build_is_rolled_back(gateway: Running, services: Services) -> None:
    """A third of a second more for each answer."""
    services.v2.behaviour.before_answer = lambda: threading.Event().wait(0.3)
    with Load(gateway.url, connections=8):
        result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert_rolled_back(gateway, result, "p99")


def test_a_version_that_freezes_again_and_again_is_rolled_back(
    gateway: Running, services: Services
) -> None:
    """Its handlers' own clocks see nothing of it: a frozen process does not run."""
    frozen = threading.Lock()
    ended = threading.Event()

    def wait() -> None:
        with frozen:
            pass

    def freeze() -> None:
        while not ended.wait(0.1):
            with frozen:
                ended.wait(0.35)

    services.v2.behaviour.before_request = wait
    thread = threading.Thread(target=freeze)
    thread.start()
    try:
        with Load(gateway.url, connections=8):
            # What waits for a frozen version keeps others from being asked: there are few requests.
            pace = ("--interval", "20s", "--patience", "120s")
            result = rollout(gateway, "--to", "0", *pace)
    finally:
        ended.set()
        thread.join()
    assert_rolled_back(gateway, result, "p99")


def test_a_build_whose_events_fail_is_rolled_back(gateway: Running, sync: Sync) -> None:
    """One in twenty of its changes ends in the dead letters; its answers are all fine."""
    sync.fails = lambda build, number: build == "v2" and number % 20 == 19
    with Load(gateway.url):
        result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert_rolled_back(gateway, result, "failed events")


def test_a_build_whose_changes_arrive_late_is_rolled_back(gateway: Running, sync: Sync) -> None:
    """Its answers are fine, but the orders follow ten seconds later."""
    sync.lag = lambda build: 10.0 if build == "v2" else 0.01
    with Load(gateway.url):
        result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert_rolled_back(gateway, result, "sync lag p99")


def test_a_fault_in_one_replica_of_two_counts(start: Start, services: Services, sync: Sync) -> None:
    """The figures are those of all replicas together."""
    with ExitStack() as stack:
        faulty = stack.enter_context(Backend("v2"))
        measure(faulty, sync)
        faulty.behaviour.status = lambda number: 500 if number % 10 == 9 else 200
        gateway = start(
            p_value=100, targets={"user-service-v2": (services.v2.address, faulty.address)}
        )
        with Load(gateway.url):
            result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert_rolled_back(gateway, result, "5xx")


def test_a_build_that_dies_is_rolled_back(gateway: Running, services: Services) -> None:
    """What cannot be asked how it is gets no more requests."""
    services.v2.stop()
    with Load(gateway.url):
        result = rollout(gateway, "--to", "0", "--patience", "60s")
    assert result.exit_code == 3, result.output
    assert p_of(gateway) == 100
    assert services.v2.address in result.output


def test_what_befalls_both_builds_rolls_nothing_back(gateway: Running, services: Services) -> None:
    """One in ten requests fails on either: that is no reason to prefer one."""
    for backend in (services.v1, services.v2):
        backend.behaviour.status = lambda number: 503 if number % 10 == 9 else 200
    with Load(gateway.url):
        result = rollout(gateway, "--to", "0", "--errors", "5", "--patience", "60s")
    assert result.exit_code == 0, result.output
    assert p_of(gateway) == 0


def test_without_traffic_it_waits_and_says_so(gateway: Running) -> None:
    """Nothing moves without enough to compare with; it can go on later."""
    result = rollout(gateway, "--to", "0", "--patience", "1s")
    assert result.exit_code == 4, result.output
    assert "0 of 100 requests to v1" in result.output
    assert p_of(gateway) == 100
    with Load(gateway.url):
        again = rollout(gateway, "--resume")
    assert again.exit_code == 0, again.output
    assert p_of(gateway) == 0


def test_when_the_traffic_ends_it_waits_where_it_is(gateway: Running) -> None:
    """A step without enough to judge is not taken for good, nor for bad."""
    with Load(gateway.url):
        process = start_process(gateway, "--to", "0", "--patience", "2s")
        until(lambda: p_of(gateway) < 100, "the first step")
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 4, output
    kept = Record.read(record_path(gateway.settings, split_names()))
    assert kept is not None
    assert kept.outcome == "gave up waiting"
    assert p_of(gateway) == kept.p


def start_process(gateway: Running, *arguments: str) -> "subprocess.Popen[str]":
    """`gateway rollout …` as a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from aware.gateway import gateway; gateway()",
            "rollout",
            *FAST,
            *arguments,
        ],
        env={**os.environ, **variables(gateway.settings)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_an_interrupted_rollout_goes_on_where_it_was(gateway: Running) -> None:
    """Ctrl-C leaves P where it is; --resume ends what was begun; in between none begins anew."""
    with Load(gateway.url) as load:
        process = start_process(gateway, "--to", "0", "--patience", "60s")
        until(lambda: p_of(gateway) == 50, "the second step")
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=30)[0]
        assert process.returncode == 130, output
        assert p_of(gateway) == 50
        status = CliRunner().invoke(commands, ["status"], env=variables(gateway.settings))
        assert "an unfinished rollout from 100 to 0 stands at 50" in status.output
        anew = rollout(gateway, "--to", "0")
        assert anew.exit_code == 1
        assert "--resume" in anew.output
        resumed = rollout(gateway, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert p_of(gateway) == 0
    assert load.answers.failed == 0
    report = written_report(gateway)
    assert [int(p) for p in re.findall(r"^## P (\d+)", report, re.MULTILINE)] == [75, 50, 50, 25, 0]


def test_a_killed_rollout_goes_on_where_it_was(gateway: Running) -> None:
    """What was reached is kept at every step, not only on the way out."""
    with Load(gateway.url):
        process = start_process(gateway, "--to", "0", "--patience", "60s")
        until(lambda: p_of(gateway) == 75, "the first step")
        process.kill()
        process.communicate(timeout=30)
        resumed = rollout(gateway, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert p_of(gateway) == 0


def test_a_rollout_whose_p_was_moved_is_not_resumed(gateway: Running) -> None:
    """The error says where it stood and where P is."""
    rollout(gateway, "--to", "0", "--patience", "0s")
    set_weight(gateway.settings, find(gateway.settings), 33)
    result = rollout(gateway, "--resume")
    assert result.exit_code == 1
    assert "stands at 100" in result.output
    assert "v1 gets 33 %" in result.output
    discarded = rollout(gateway, "--to", "0", "--patience", "0s", "--discard")
    assert discarded.exit_code == 4, discarded.output


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--to", "100"], 1, "v1 gets 100 % of the user requests already"),
        (["--to", "101"], 2, "--to"),
        (["--to", "0", "--interval", "soon"], 2, "duration"),
        (["--to", "0", "--step", "0"], 2, "--step"),
        ([], 2, "--to"),
        (["--resume"], 1, "no unfinished rollout"),
    ],
)
def test_bad_input_is_named(gateway: Running, arguments: list[str], code: int, named: str) -> None:
    """And nothing has moved."""
    result = rollout(gateway, *arguments)
    assert result.exit_code == code
    assert named in result.output
    assert p_of(gateway) == 100


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere is not ours to stop")
def test_a_gateway_that_does_not_run_ends_it(gateway: Running) -> None:
    """The error says where nothing answers."""
    gateway.stop()
    result = rollout(gateway, "--to", "0")
    assert result.exit_code == 1
    assert "no gateway runs" in result.output
