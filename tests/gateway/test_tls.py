"""The gateway serves TLS, beside the plain listener or in its place."""

import base64
import contextlib
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from gateway.process import variables
from gateway.settings import GatewaySettings
from local.ports import free_port
from settings.environment import SettingError
from tests.certificate import make_certificate
from tests.gateway.conftest import Start
from tests.gateway.running import elsewhere
from tests.gateway.test_starting import entry_point
from tests.waiting import until

HERE = pytest.mark.skipif(elsewhere(), reason="a Kong elsewhere listens where it listens")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder)
    return folder


def fields(files: Path) -> dict[str, str]:
    """The settings that these files are given as."""
    return {
        "tls_listen": f"127.0.0.1:{free_port()}",
        "tls_certificate": (files / "certificate.pem").read_text(),
        "tls_key": (files / "key.pem").read_text(),
    }


@HERE
def test_clients_get_their_answer_over_tls(start: Start, files: Path) -> None:
    """By a client that trusts this certificate alone."""
    given = fields(files)
    running = start(**given)
    trusting = ssl.create_default_context(cafile=str(files / "certificate.pem"))
    port = given["tls_listen"].rpartition(":")[2]
    with httpx.Client(base_url=f"https://localhost:{port}", verify=trusting) as client:
        until(lambda: client.get("/orders/").status_code == 200, "the order service is reached")
        refused = client.get("/nothing")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.headers["Strict-Transport-Security"] == "max-age=31536000"
    with contextlib.suppress(httpx.RemoteProtocolError):
        assert httpx.get(f"http://localhost:{port}/orders/").status_code >= 400
    secret = given["tls_key"].splitlines()[1]
    assert secret not in running.log.read_text()
    for file in running.settings.state.rglob("*"):
        if file.is_file() and secret in file.read_text(errors="replace"):
            assert file.stat().st_mode & 0o077 == 0, file


@HERE
def test_old_tls_is_refused(start: Start, files: Path) -> None:
    """What is older than 1.2."""
    given = fields(files)
    start(**given)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLS"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        httpx.Client(verify=old) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get(f"https://{given['tls_listen']}/orders/")


def _variables(files: Path, **changed: str) -> Mapping[str, str]:
    given = {name: value for name, value in changed.items() if value != "left out"}
    settings = GatewaySettings(p_value=50, **fields(files))  # type: ignore[arg-type]
    whole = {"P_VALUE": "50"} | {
        name: value for name, value in variables(settings).items() if "_TLS_" in name
    }
    return {k: v for k, v in (whole | given).items() if changed.get(k) != "left out"}


def test_the_image_takes_what_python_takes(files: Path) -> None:
    """Listener, certificate and key."""
    ended = entry_point(_variables(files), "render")
    assert ended.returncode == 0, ended.stderr
    settings = GatewaySettings.from_environment(_variables(files))
    assert settings.tls_key == (files / "key.pem").read_text()
    assert "PRIVATE KEY" not in repr(settings)


def test_certificate_and_key_may_be_in_files(files: Path, tmp_path: Path) -> None:
    """In base64, as the variables have them; in the image and without it."""
    environment = {**_variables(files)}
    for name in ("GATEWAY_TLS_CERTIFICATE", "GATEWAY_TLS_KEY"):
        (tmp_path / name).write_text(f"{environment.pop(name)}\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    settings = GatewaySettings.from_environment(environment)
    assert settings.tls_key == (files / "key.pem").read_text()
    ended = entry_point(environment, "render")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_TLS_LISTEN", "8443"),
        ("GATEWAY_TLS_CERTIFICATE", "left out"),
        ("GATEWAY_TLS_CERTIFICATE", "/etc/tls/certificate.pem"),
        ("GATEWAY_TLS_KEY", "left out"),
        ("GATEWAY_TLS_KEY", base64.b64encode(b"secret").decode()),
    ],
)
def test_what_is_no_certificate_is_named_and_not_shown(files: Path, name: str, value: str) -> None:
    """In the image and without it."""
    environment = _variables(files, **{name: value})
    with pytest.raises(SettingError, match=name) as refusal:
        GatewaySettings.from_environment(environment)
    ended = entry_point(environment, "render")
    assert ended.returncode == 2
    assert name in ended.stderr
    if name == "GATEWAY_TLS_KEY":
        assert value not in ended.stderr + str(refusal.value)
