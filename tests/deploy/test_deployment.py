"""From a push to a running server, with the workflow's own script, on a machine of its own.

In this order: each test finds the server as the one before left it, running and good.
"""

import re
import signal
from functools import partial

import httpx
import pytest
from pyrage import x25519

from deploy.processes import HTTP
from deploy.services import ORDER
from models.fields.order import Order
from models.fields.user import User
from tests.compose.engine import STAND_INS
from tests.deploy.conftest import DEPLOY, Server
from tests.deploy.instance import USER
from tests.deploy.load import Load
from tests.examples import ADDRESS
from tests.personal_data import personal_data
from tests.waiting import until

pytestmark = [
    pytest.mark.timeout(1800),
    pytest.mark.docker,
    pytest.mark.root,
    # A TLS handshake that is cut off in the middle leaves its socket to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]


def show(capsys: pytest.CaptureFixture[str], what: str, load: Load) -> None:
    """Print the figures, for the log of CI too."""
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{what}: {len(load.failures)} of {load.sent} requests failed, "
            f"{len(load.lost())} of {load.acknowledged} acknowledged orders lost or out of step"
        )


def versions(server: Server) -> set[str]:
    """The versions of which processes run, each service having exactly one."""
    running = server.running()
    assert all(len(running[service]) == 1 for service in (*ORDER, "kong")), running
    return {running[service][0].split()[0] for service in ORDER}


def test_a_server_whose_key_is_another_is_not_trusted(server: Server) -> None:
    """Nothing is sent there, and the message says that there is no way in."""
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDuLoBYIPD0WXFmayw4Bcxl/7Uc7eJfSKv5rdRFkpIDO"
    done = server.push(EC2_HOST_KEY=other)
    assert done.returncode == 1
    assert "no way into" in done.stdout
    assert server.instance.try_root("test", "-e", "/opt/aware/releases").returncode != 0


def test_an_image_that_cannot_be_pulled_changes_nothing(server: Server) -> None:
    """The last line says which, and what to do; the machine has no image at all yet."""
    if server.images is None:
        pytest.skip("the registry of the public images is not ours to stop")
    assert server.instance.root("docker", "images", "--quiet") == ""
    done = server.push()
    assert done.returncode == 1, done.stdout
    last = done.stdout.splitlines()[-1]
    assert "error: the images of mongodb and rabbitmq could not be pulled: " in last
    assert "connection refused" in last
    assert last.endswith("or log in there with `docker login`, and try again")
    assert server.instance.containers() == []


def test_the_first_deployment_brings_everything_in(deployed: Server) -> None:
    """All processes healthy, of the version that was pushed; `current` leads to it.

    The server had no image before: each was pulled or built.
    """
    assert versions(deployed) == {deployed.version()}
    current = deployed.instance.root("readlink", "/opt/aware/current").strip()
    assert current.endswith(f"/{deployed.version()}")


def test_the_smoke_test_leaves_nothing(deployed: Server) -> None:
    """Neither a user nor an order, and no warning; on a server there is no seed."""
    said = deployed.instance.root("sh", "-c", "cat /var/lib/aware/log/*")
    assert "the order followed its user" in said
    assert "of the smoke test are left" not in said
    assert "0 documents will be published anew" in deployed.deploy("operator", "resync").stdout
    with deployed.load().new_client() as client:
        assert client.get("/orders/").json() == []


def test_the_world_reaches_the_gateway_over_tls_and_with_a_key_alone(deployed: Server) -> None:
    """Not plain HTTP, not without a key; no database, broker or Admin API."""
    with deployed.load() as load:
        until(lambda: load.sent > 20, "some requests")
    assert load.failures == []
    url = f"https://{deployed.instance.address}/orders/"
    assert httpx.get(url, verify=False).status_code == 401  # noqa: S501
    listening = deployed.instance.root("sh", "-c", "ss -tlnH | awk '{print $4}'").split()
    open_ports = {each.rpartition(":")[2] for each in listening if not each.startswith("127.")}
    assert open_ports == {"22", "443"}


def test_secrets_are_in_private_files_and_in_no_log(deployed: Server) -> None:
    """Neither in the deployment's log nor in those of the containers, nor in the push's."""
    said = deployed.push().stdout
    root = deployed.instance.root
    given = deployed.settings()
    names = [name for name in given if name.endswith("_PASSWORD") or name == "API_KEYS"]
    key = deployed.instance.read("/etc/aware/key.pem").splitlines()[1]
    secrets = [*(given[name].rpartition(":")[2] for name in names), key]
    assert len(secrets) > 8
    logs = root(
        "sh",
        "-c",
        "cat /var/lib/aware/log/*; for c in $(docker ps -aq); do docker logs $c 2>&1; done",
    )
    assert not [each for each in secrets if each in said + logs]
    for folder in ("/etc/aware", "/var/lib/aware", "/var/backups/aware", "/opt/aware"):
        assert root("stat", "-c", "%a %U", folder).strip() == f"700 {USER}"
    for file in ("aware.env", "key.pem"):
        assert root("stat", "-c", "%a", f"/etc/aware/{file}").strip() == "600"


def test_every_container_is_confined_and_shows_no_secret(deployed: Server) -> None:
    """As with Docker Compose, and by the engine's setting; passwords and keys are in files."""
    given, key = deployed.settings(), deployed.instance.read("/etc/aware/key.pem")
    secrets = [given[name].rpartition(":")[2] for name in given if name.endswith("_PASSWORD")]
    secrets += [given["API_KEYS"].rpartition(":")[2], key.splitlines()[1]]
    overridden = {given["MONGO_ROOT_PASSWORD"]}  # by the tests' own file: the stand-in reads none
    shown = deployed.instance.root("sh", "-c", "docker service inspect $(docker service ls -q)")
    assert not [each for each in {*secrets} - overridden if each in shown]
    for each in deployed.instance.containers():
        host, state = each["HostConfig"], each["State"]
        assert host["ReadonlyRootfs"], each["Name"]
        assert host["CapDrop"] == ["ALL"], each["Name"]
        assert 0 < host["Memory"] <= 1024**3, each["Name"]
        assert 0 < host["PidsLimit"] <= 512, each["Name"]
        assert host["LogConfig"]["Config"].keys() == {"max-size", "max-file"}, each["Name"]
        if state["Running"]:
            status = deployed.instance.read(f"/proc/{state['Pid']}/status")
            assert "NoNewPrivs:\t1" in status, each["Name"]


def test_no_container_logs_what_customers_wrote(deployed: Server) -> None:
    """After requests that were taken, and one that the database refused: the address is taken."""
    with deployed.load() as load:
        until(lambda: load.acknowledged > 5, "orders")
    taken = next(each.emails for each in load.customers if each.emails)
    with load.new_client() as client:
        new = {User.emails: taken, User.deliveryAddress: ADDRESS}
        assert client.post("/users/", json=new).status_code == 409
    logs = "for c in $(docker ps -aq); do docker logs $c 2>&1; done"
    assert personal_data(deployed.instance.root("sh", "-c", logs)) == []


def test_a_deployment_can_be_run_twice(deployed: Server) -> None:
    """The second finds everything done, and touches nothing."""
    before = deployed.running()
    done = deployed.push()
    assert done.returncode == 0
    assert "is in already" in done.stdout
    assert deployed.running() == before


def test_a_good_version_goes_in_under_load_over_a_cut_connection(
    deployed: Server, since: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """No request fails, the gateway stays, and the watcher whose connection was cut comes back."""
    kong = deployed.running()["kong"]
    version = deployed.commit("second", "handlers/orders.py", lambda text: text + "\n# second\n")
    with deployed.load() as load:
        push = deployed.start_push()
        deployed.wait_for_words("order-consumer: 1 ready", since=since)
        deployed.instance.root("pkill", "-KILL", "-f", f"^sshd: {USER}")
        said, _ = push.communicate()
    assert push.returncode == 0, said
    assert "the connection was lost" in said
    show(capsys, "a good version goes in", load)
    assert load.failures == []
    assert load.lost() == []
    assert versions(deployed) == {version}
    assert deployed.running()["kong"] == kong


def test_a_version_that_does_not_start_is_taken_back(
    deployed: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """The old ones run all the time; the report has the end of the new one's log."""
    good, before = deployed.version(), deployed.running()
    with (
        deployed.bad("processes/relay.py", lambda text: f"{text}\n\nundefined_name\n"),
        deployed.load() as load,
    ):
        done = deployed.push()
    assert done.returncode == 3, done.stdout
    assert "order-consumer does not become healthy" in done.stdout
    assert "undefined_name" in done.stdout
    assert f"{good} runs again" in done.stdout
    show(capsys, "a version that does not start is taken back", load)
    assert load.failures == []
    assert load.lost() == []
    assert versions(deployed) == {good}
    after = deployed.running()
    assert {service: after[service] for service in HTTP} == {s: before[s] for s in HTTP}


def test_a_version_that_answers_wrongly_is_taken_back(
    deployed: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is healthy, but one of the five requests fails; what was acknowledged stays."""
    good = next(iter(versions(deployed)))
    with deployed.bad("handlers/orders.py", _broken_status), deployed.load() as load:
        done = deployed.push()
    assert done.returncode == 3, done.stdout
    assert re.search(r"PUT /orders/\S+/status is answered with 500", done.stdout)
    show(capsys, "a version that answers wrongly is taken back", load)
    assert load.failures == []  # the load sends no request of the kind that is broken
    assert load.lost() == []
    assert versions(deployed) == {good}


def _broken_status(text: str) -> str:
    """The handlers of orders, one of which fails."""
    changed = text.replace(
        f'update_status(id, body["{Order.orderStatus}"])', "update_status(id, unknown)"
    )
    assert changed != text
    return changed


def test_a_validator_that_existing_data_contradicts_stops_the_deployment(deployed: Server) -> None:
    """The set-up names the documents in the way, and the databases refuse what they did before."""
    good, before = next(iter(versions(deployed))), deployed.running()
    with deployed.load() as load:
        until(lambda: load.acknowledged > 5, "orders that a narrower validator contradicts")
    with deployed.bad("specs/shared.yaml", _narrower):
        done = deployed.push()
    assert done.returncode == 3, done.stdout
    assert "Existing documents are in the way" in done.stdout
    assert f"{good} runs again" in done.stdout
    assert deployed.running() == before
    with deployed.load() as after:
        until(lambda: after.acknowledged > 5, "orders that only the wider validator takes")
    assert after.failures == []


def _narrower(text: str) -> str:
    """The shared schemas, with cities of at most three letters."""
    changed = re.sub(r"( city: ){.*}", r"\1{type: string, maxLength: 3}", text)
    assert changed != text
    return changed


def test_an_image_that_cannot_be_built_changes_nothing(deployed: Server) -> None:
    """The deployment does not begin."""
    before = deployed.running()
    with deployed.bad("Dockerfile", lambda text: f"{text}\nRUN exit 7\n"):
        done = deployed.push()
    assert done.returncode == 1, done.stdout
    assert "build" in done.stdout
    assert deployed.running() == before


def test_a_full_disk_changes_nothing(deployed: Server) -> None:
    """The version does not arrive whole, and then it has not arrived."""
    before = deployed.running()
    fill = "head -c $(($(stat -f -c '%a * %S' /opt/aware) - 100000)) /dev/zero > /opt/aware/fill"
    with deployed.bad("handlers/orders.py", lambda text: text + "\n# too much\n"):
        deployed.instance.root("bash", "-c", fill)
        done = deployed.push()
        deployed.instance.root("rm", "/opt/aware/fill")
    assert done.returncode == 1, done.stdout
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stdout
    assert deployed.running() == before


def test_a_backup_is_brought_back(deployed: Server) -> None:
    """What the timer's service writes; what came after it is gone, and orders are in step."""
    with deployed.load() as kept:
        until(lambda: kept.acknowledged > 5, "orders to keep")
    assert kept.lost() == []
    deployed.instance.root(*deployed.instance.unit("aware-backup"))
    with deployed.load() as later:
        until(lambda: later.acknowledged > 5, "orders to forget")
    file = deployed.instance.root("sh", "-c", "ls /var/backups/aware/*.zip | tail -n 1").strip()
    assert deployed.instance.root("stat", "-c", "%a", file).strip() == "600"
    done = deployed.deploy("restore", file)
    assert done.returncode == 0, done.stdout
    assert kept.lost() == []
    assert len(later.lost(within=0)) == later.acknowledged


def test_an_encrypted_backup_is_brought_back_with_its_key_alone(deployed: Server) -> None:
    """The setting counts at once, and replaces nothing."""
    key, settings = x25519.Identity.generate(), deployed.instance.read("/etc/aware/aware.env")
    public = f"BACKUP_RECIPIENTS={key.to_public()}\nBACKUP_COPY_TO=/opt/elsewhere\n"
    deployed.instance.root("install", "-d", "-o", USER, "/opt/elsewhere")
    with deployed.load() as kept:
        until(lambda: kept.acknowledged > 5, "orders to keep")
    before = deployed.running()
    deployed.instance.root("sh", "-c", f"printf %s '{public}' >> /etc/aware/aware.env")
    try:
        assert deployed.deploy("backup").returncode == 0
    finally:
        deployed.instance.write("/etc/aware/aware.env", settings)
    assert deployed.running() == before
    newest = "ls -t /var/backups/aware | head -n 1"
    file = f"/var/backups/aware/{deployed.instance.root('sh', '-c', newest).strip()}"
    assert file.endswith(".zip.age")
    assert deployed.instance.root("ls", "/opt/elsewhere").strip() == file.rpartition("/")[2]
    deployed.instance.root("sh", "-c", f"printf %s '{key}' > /opt/key; chown {USER} /opt/key")
    refused = deployed.deploy("restore", file)
    assert refused.returncode == 1
    assert "it is encrypted; --identity names the file of a key that opens it" in refused.stdout
    done = deployed.deploy("restore", file, "/opt/key")
    assert done.returncode == 0, done.stdout
    assert kept.lost() == []


def test_databases_are_replaced_where_it_is_asked_for(
    deployed: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the newest images of their versions, on the same data; a backup is made before."""
    if deployed.images is None:
        pytest.skip("the registry of the public images is not ours to fill")
    before, backups = deployed.running(), deployed.instance.root("ls", "/var/backups/aware")
    said = deployed.deploy("update-databases").stdout
    assert "mongodb and rabbitmq have the newest images of their versions" in said
    assert deployed.running() == before
    for image in STAND_INS:
        if "python" not in image:
            deployed.publish_newer(image)
    with deployed.load() as load:
        done = deployed.deploy("update-databases")
        assert done.returncode == 0, done.stdout
        acknowledged = load.acknowledged
        until(lambda: load.acknowledged > acknowledged + 5, "everything goes on")
    show(capsys, "MongoDB and RabbitMQ are replaced", load)
    assert {each.rpartition(" ")[2] for each in load.failures} <= {"503"}
    assert load.lost() == []
    after = deployed.running()
    replaced = {service for service, containers in after.items() if containers != before[service]}
    assert replaced == {"mongodb", "rabbitmq"}
    assert deployed.instance.root("ls", "/var/backups/aware") != backups
    assert "newest images" in deployed.deploy("update-databases").stdout


def test_the_engine_may_be_stopped_and_started(
    deployed: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What ran ends with it and comes back by itself; nothing acknowledged is lost."""
    before = versions(deployed)
    with deployed.load() as load:
        until(lambda: load.acknowledged > 5, "orders to keep")
        deployed.instance.stop_engine()
        deployed.instance.start_engine()
        acknowledged = load.acknowledged
        until(lambda: load.acknowledged > acknowledged + 5, "everything goes on")
    show(capsys, "the engine is stopped and started", load)
    assert load.lost() == []
    assert versions(deployed) == before
    with deployed.load() as again:
        until(lambda: again.acknowledged > 5, "everything goes on")
    assert again.failures == []


def test_what_is_set_anew_changes_those_alone_whom_it_concerns(deployed: Server) -> None:
    """Two of a service, and one again; nothing else is touched, and no request fails."""
    settings, before = deployed.instance.read("/etc/aware/aware.env"), deployed.running()
    with deployed.load() as load:
        try:
            two = f"{settings}ORDER_SERVICE_REPLICAS=2\n"
            deployed.instance.write("/etc/aware/aware.env", two)
            assert deployed.deploy("again").returncode == 0
            between = deployed.running()
        finally:
            deployed.instance.write("/etc/aware/aware.env", settings)
        assert deployed.deploy("again").returncode == 0
    assert len(between.pop("order-service")) == 2
    assert between.items() <= before.items()
    assert versions(deployed) == {deployed.version()}
    assert load.failures == []
    assert load.lost() == []


def test_a_port_inside_is_led_to_loopback_while_somebody_asks_for_it(deployed: Server) -> None:
    """RabbitMQ's page, for one."""
    page = ("curl", "--silent", "--fail", "--noproxy", "*", "http://127.0.0.1:15672/")
    assert deployed.instance.try_root(*page).returncode != 0
    waiting = f"sleep 600 | runuser -u {USER} -- {DEPLOY} forward rabbitmq 15672"
    deployed.instance.root("setsid", "--fork", "sh", "-c", f"exec > /dev/null 2>&1; {waiting}")
    until(lambda: "RabbitMQ" in deployed.instance.try_root(*page).stdout, "the page is there")
    listening = deployed.instance.root("ss", "-tlnH", "sport", "=", ":15672").split()
    assert "127.0.0.1:15672" in listening
    deployed.instance.root("pkill", "-f", "^sleep 600")
    until(lambda: deployed.instance.try_root(*page).returncode != 0, "it is gone again")
    until(
        lambda: "forward" not in deployed.instance.root("docker", "ps"), "and so is its container"
    )


def test_a_power_cut_in_the_middle_of_a_deployment_is_undone_at_the_next_boot(
    deployed: Server, since: float
) -> None:
    """By the unit that systemd starts; what was acknowledged is there."""
    good = next(iter(versions(deployed)))
    version = deployed.commit("third", "handlers/users.py", lambda text: text + "\n# third\n")
    with deployed.load() as load:
        push = deployed.start_push()
        deployed.wait_for_words("user-relay: 1 ready", since=since)
        push.send_signal(signal.SIGKILL)
        deployed.instance.power_off()
    push.communicate()
    deployed.instance.boot()
    said = deployed.instance.root(*deployed.instance.unit("aware"))
    assert f"the deployment of {version} was cut off: it is undone" in said
    assert versions(deployed) == {good}
    assert load.lost() == []


def test_an_interrupted_deployment_is_undone_at_once(deployed: Server, since: float) -> None:
    """A person's Ctrl-C, or systemd's SIGTERM; afterwards the version goes in."""
    good, version = next(iter(versions(deployed))), deployed.version()
    push = deployed.start_push()
    deployed.wait_for_words("order-consumer: 1 ready", since=since)
    deployed.instance.root("pkill", "-TERM", "-f", f"deploy {version}$")
    said, _ = push.communicate()
    assert push.returncode == 3, said
    assert "it was interrupted" in said
    assert versions(deployed) == {good}
    assert deployed.push().returncode == 0
    assert versions(deployed) == {version}
    releases = partial(deployed.instance.root, "ls", "/opt/aware/releases")
    until(lambda: len(releases().split()) <= 2, "older releases are gone")
