"""The gateway's secrets out of files, in the image and without it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.process import kept_settings, prepare
from gateway.render import render
from gateway.settings import ApiKey, GatewaySettings
from tests.gateway.test_starting import PUBLIC_KEYS, assert_refused, entry_point, in_base64

KEY = ApiKey("shop", "s" * 20)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_keys_of_callers_may_be_in_a_file(tmp_path: Path, end: str) -> None:
    """With or without a line's end; the image renders what Python renders."""
    environment = in_files(tmp_path, {"API_KEYS": str(KEY)}, end)
    settings = GatewaySettings.from_environment(environment)
    assert settings.api_keys == (KEY,)
    ended = entry_point(environment, "render")
    assert ended.stdout == render(settings, settings.p_value)[0], ended.stderr


@pytest.mark.parametrize("name", ["API_KEYS", "JWT_PUBLIC_KEY", "GATEWAY_TLS_KEY"])
def test_a_secret_given_twice_or_not_at_all_is_refused_in_one_line(
    tmp_path: Path, name: str
) -> None:
    """The file is missing, is a folder, is empty, or stands beside the variable."""
    file, listen = f"{name}_FILE", {"GATEWAY_TLS_LISTEN": "127.0.0.1:8443"}
    cut = tmp_path / "empty"
    cut.write_text("\n")
    certificate = {"GATEWAY_TLS_CERTIFICATE": in_base64("-----BEGIN CERTIFICATE-----")}
    for path in (tmp_path / "none", tmp_path, cut):
        environment = {**listen, **certificate, file: str(path)}
        assert_refused(environment, f"{file}: {path}")
        assert len(entry_point({"P_VALUE": "50", **environment}).stderr.splitlines()) == 1
    twice = {**listen, **certificate, name: "x", file: str(cut)}
    assert_refused(twice, f"{name} and {file} are both set: set one of them")


def test_what_was_prepared_out_of_files_is_found_again(tmp_path: Path) -> None:
    """By a command with the same variables, as an operator has them."""
    secrets = {"API_KEYS": str(KEY), "JWT_PUBLIC_KEY": PUBLIC_KEYS["ES256"]}
    environment = in_files(tmp_path, secrets) | {"GATEWAY_STATE_DIR": str(tmp_path / "state")}
    settings = GatewaySettings.from_environment(environment)
    prepare(settings)
    found = kept_settings(environment)
    assert found.api_keys == (KEY,)
    assert found.jwt_public_key == settings.jwt_public_key


def in_files(folder: Path, secrets: Mapping[str, str], end: str = "\n") -> dict[str, str]:
    """The variables that name a file for each of the secrets."""
    environment = {"P_VALUE": "50"}
    for name, value in secrets.items():
        (folder / name).write_bytes(f"{value}{end}".encode())
        environment[f"{name}_FILE"] = str(folder / name)
    return environment
