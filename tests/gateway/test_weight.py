"""Moving P while the gateway runs."""

import re
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from aware.gateway import gateway as commands
from gateway import render as rendering
from gateway.errors import GatewayError
from gateway.finding import find
from gateway.process import Kind, variables
from gateway.settings import ApiKey
from gateway.splits import split_names
from gateway.weight import count_versions, only_one, set_weight
from gateway.weight_file import WeightFile
from tests.gateway.backends import Backend
from tests.gateway.conftest import Services, Start
from tests.gateway.load import Load
from tests.gateway.running import Running, elsewhere, services_host
from tests.waiting import until

MOVES = [90, 0, 100, 50, 1, 99, 30, 70, 0, 100, 55]


def invoke(gateway: Running, *arguments: str, **changed: str) -> Result:
    """Call `gateway …` with the settings of a running gateway."""
    environment = {**variables(gateway.settings), **changed}
    return CliRunner().invoke(commands, arguments, env=environment)


def test_no_request_fails_while_p_moves_under_load(gateway: Running) -> None:
    """Every request of several kept-alive connections is answered, whatever P is just then."""
    running = find(gateway.settings)
    with Load(gateway.url, connections=8) as load:
        for p in MOVES:
            set_weight(gateway.settings, running, p)
            until(partial(load.grown, load.answers.total + 300), f"requests at P = {p}")
    answers = load.answers
    print(  # noqa: T201
        f"P moved {len(MOVES)} times under {answers.total} requests: {answers.failed} failed, "
        f"v1 {answers.builds['v1']}, v2 {answers.builds['v2']}"
    )
    assert answers.failed == 0, (answers.failures, answers.statuses)
    assert answers.statuses.keys() == {200}


@pytest.mark.parametrize("p", [0, 30, 100])
def test_the_split_is_what_was_set(gateway: Running, p: int) -> None:
    """After a move, 10 P of 1000 requests go to version 1."""
    set_weight(gateway.settings, find(gateway.settings), p)
    counted = count_versions(gateway.settings, 1000)
    print(f"P = {p}: v1 {counted['v1']}, v2 {counted['v2']} of 1000")  # noqa: T201
    assert (counted["v1"], counted["v2"]) == (10 * p, 1000 - 10 * p)


def test_p_is_the_share_with_unequal_replicas(start: Start, services: Services) -> None:
    """One of version 1 and three of version 2, after a move."""
    with ExitStack() as stack:
        more = [stack.enter_context(Backend("v2", host=services_host())) for _ in range(2)]
        twos = (services.v2, *more)
        gateway = start(targets={"user-service-v2": tuple(two.address for two in twos)})
        set_weight(gateway.settings, find(gateway.settings), 40)
        assert count_versions(gateway.settings, 1000) == {"v1": 400, "v2": 600}
        received = [len(two.received) for two in twos]
        assert sum(received) == 600
        # Kong's least-connections has no turns: without load it may leave a replica out.
        assert gateway.kind is Kind.KONG or received == [200, 200, 200]
        assert find(gateway.settings).share() == 40


def test_the_command_moves_and_proves(gateway: Running) -> None:
    """`gateway weight 30` says what it counted."""
    result = invoke(gateway, "weight", "30")
    assert result.exit_code == 0, result.output
    assert "v1: 30 of 100" in result.output
    assert "v2: 70 of 100" in result.output


def test_the_command_proves_through_a_gateway_with_keys(start: Start) -> None:
    """The counting sends a key where one is needed."""
    gateway = start(api_keys=(ApiKey("shop", "k" * 20),))
    result = invoke(gateway, "weight", "20")
    assert result.exit_code == 0, result.output
    assert "v1: 20 of 100" in result.output


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere is not ours to restart")
def test_a_restart_keeps_what_was_set(start: Start) -> None:
    """P_VALUE is only the first value, and the status shows both."""
    first = start(p_value=80)
    assert invoke(first, "weight", "25").exit_code == 0
    first.stop()
    second = start(p_value=80)
    assert count_versions(second.settings, 100) == {"v1": 25, "v2": 75}
    result = invoke(second, "status")
    assert result.exit_code == 0, result.output
    assert "v1 gets 25 % of the user requests" in result.output
    assert "after a restart: 25 % (P_VALUE, the first value: 80)" in result.output


def test_the_status_shows_what_is_down(gateway: Running, services: Services) -> None:
    """Every target with its build, weight and health."""
    services.v2.stop()
    down = f"v2 {services.v2.address}: down"
    until(lambda: down in invoke(gateway, "status").output, "the status shows it")
    assert f"v1 {services.v1.address}: up\n" in invoke(gateway, "status").output


@pytest.mark.parametrize("value", ["-1", "101", "1.5", "half", ""])
def test_what_is_no_percentage_changes_nothing(gateway: Running, value: str) -> None:
    """A clear error, and the gateway goes on as before."""
    result = invoke(gateway, "weight", "--", value)
    assert result.exit_code == 2
    assert "PERCENT" in result.output
    assert count_versions(gateway.settings, 10) == {"v1": 5, "v2": 5}


@pytest.mark.skipif(elsewhere(), reason="a gateway elsewhere is not ours to stop")
def test_a_gateway_that_does_not_run_is_named(gateway: Running) -> None:
    """The error says where nothing answers, and the kept weight stays as it was."""
    gateway.stop()
    for command in (["weight", "10"], ["status"]):
        result = invoke(gateway, *command)
        assert result.exit_code == 1
        assert gateway.settings.admin_listen in result.output
    assert WeightFile(gateway.settings.state, split_names()).read(50) == 50


def test_a_template_that_no_longer_renders_changes_nothing(
    gateway: Running, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the field or the variable; the gateway goes on as before."""
    template = rendering.TEMPLATE.read_text()
    for old, new, named in (
        ("methods: [PUT]", "methods: PUT", r"routes\[1\]\.methods"),
        ("${USER_SERVICE_TARGETS}", "${TARGETS}", r"\$\{TARGETS\}"),
        ("${USER_SERVICE_V2_TARGETS}", "[]", "targets"),
        ("tags: [POST=create_user]", "tags: [create_user]", "METHOD=operationId"),
        ("'~/users/?$'", "'~/users/(?$'", "paths"),
        ("upstreams:", "upstreams: [", "YAML"),
        ("strip_path: false", "strip_path: true", "strip_path"),
    ):
        spoilt = state / "spoilt"
        spoilt.write_text(template.replace(old, new))
        monkeypatch.setattr(rendering, "TEMPLATE", spoilt)
        result = invoke(gateway, "weight", "10")
        assert result.exit_code == 1
        assert re.search(named, result.output), result.output
    assert count_versions(gateway.settings, 10) == {"v1": 5, "v2": 5}


def test_two_commands_do_not_move_p_at_once(gateway: Running) -> None:
    """The second is told that another is at it."""
    with only_one(gateway.settings.state):
        result = invoke(gateway, "weight", "10")
    assert result.exit_code == 1
    assert "another command" in result.output
    assert count_versions(gateway.settings, 10) == {"v1": 5, "v2": 5}


def test_a_gateway_with_other_targets_is_told_to_restart(
    gateway: Running, services: Services
) -> None:
    """Weights are for the targets it was started with."""
    if gateway.kind is not Kind.HAPROXY:
        pytest.skip("Kong takes whole configurations")
    settings = replace(
        gateway.settings,
        targets={
            **gateway.settings.targets,
            "user-service-v2": (services.v2.address, "127.0.0.1:9"),
        },
    )
    with pytest.raises(GatewayError, match="restart"):
        set_weight(settings, find(settings), 10)
    assert count_versions(gateway.settings, 10) == {"v1": 5, "v2": 5}
