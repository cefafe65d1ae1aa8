"""Several Kongs have one split: each is told, and those that were not are named."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from aware.gateway import gateway
from gateway.errors import GatewayError, PartlyToldError, UnreachableError
from gateway.finding import find
from gateway.running import LiveTarget
from gateway.settings import GatewaySettings
from gateway.splits import split_names
from gateway.weight import set_weight
from gateway.weight_file import WeightFile
from settings.environment import SettingError
from tests.gateway.test_kong_admin import Admin, answering

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def two() -> Iterator[tuple[Admin, Admin]]:
    """Two that answer."""
    with answering() as one, answering() as other:
        yield one, other


@pytest.fixture
def settings(two: tuple[Admin, Admin], tmp_path: Path) -> GatewaySettings:
    """Those of a command that knows both."""
    urls = tuple(f"http://{each.url}" for each in two)
    return GatewaySettings(p_value=50, given_admin_urls=urls, state=tmp_path)


def test_each_is_told(settings: GatewaySettings, two: tuple[Admin, Admin]) -> None:
    """They have one share, and a target is up as often as the one says that sees it least."""
    gateways = find(settings)
    set_weight(settings, gateways, 30)
    assert [len(each.configurations) for each in two] == [2, 2]
    assert gateways.share() == 30
    two[1].addresses["user-service-v2:5000"] = ["UNHEALTHY", "HEALTHY"]
    assert gateways.targets() == (
        LiveTarget("user-service-v1:5000", up=2, down=1),
        LiveTarget("user-service-v2:5000", up=1, down=1),
    )


def test_one_that_is_not_there_is_named(settings: GatewaySettings) -> None:
    """The others have the new share, and so has what is kept: said again, all have it."""
    three = replace(settings, given_admin_urls=(*settings.given_admin_urls, NOWHERE))
    with pytest.raises(PartlyToldError, match=f"2 of 3 gateways split like this.* {NOWHERE}: Kong"):
        set_weight(three, find(three), 30)
    assert find(settings).share() == 30
    assert WeightFile(settings.state, split_names()).read(50) == 30


def test_where_none_is_told_nothing_is_kept(
    settings: GatewaySettings, two: tuple[Admin, Admin]
) -> None:
    """As with a single one."""
    gateways = find(settings)
    for each in two:
        each.refusal = {"message": "declarative config is invalid"}
    with pytest.raises(UnreachableError, match="declarative config is invalid"):
        set_weight(settings, gateways, 30)
    assert WeightFile(settings.state, split_names()).read(50) == 50
    nobody = replace(settings, given_admin_urls=(NOWHERE, "http://127.0.0.1:2"))
    with pytest.raises(UnreachableError, match=f"nor {NOWHERE} nor http://127.0.0.1:2 answers"):
        find(nobody)


def test_shares_that_differ_are_told(settings: GatewaySettings) -> None:
    """By the command, in one line, with what to do."""
    one = replace(settings, given_admin_urls=settings.given_admin_urls[:1])
    set_weight(one, find(one), 10)
    with pytest.raises(GatewayError, match=r"not split alike: .* 10 %, .* 50 %"):
        find(settings).share()
    done = CliRunner().invoke(
        gateway,
        ["status"],
        env={
            "P_VALUE": "50",
            "GATEWAY_ADMIN_URL": ",".join(settings.given_admin_urls),
            "GATEWAY_STATE_DIR": str(settings.state),
        },
    )
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].endswith("`gateway weight` tells them all")


def test_a_name_may_have_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one of them."""
    found = [(0, 0, 0, "", (address, 8001)) for address in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    settings = GatewaySettings(given_admin_urls=("http://kong-admin:8001",))
    assert settings.admin_urls == ("http://10.0.0.1:8001", "http://10.0.0.2:8001")


@pytest.mark.parametrize("text", ["kong:8001", "http://a:1,", "http://a:1,ftp://b:2", ","])
def test_other_texts_are_refused(text: str) -> None:
    """By the setting's name."""
    with pytest.raises(
        SettingError, match="GATEWAY_ADMIN_URL must be http://host:port, or several"
    ):
        GatewaySettings.from_environment({"P_VALUE": "50", "GATEWAY_ADMIN_URL": text})
