"""A machine that stands for the EC2 instance: its own engine, sshd, network, disk and power switch.

Made of Linux namespaces, set up by the template's cloud-init data. What stands for a disk survives
when the power goes; processes, memory and network do not.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.deploy import registry
from tests.waiting import until

USER = "aware"
"""Whose everything of the system is, and who deploys."""
OPERATOR = "ubuntu"
"""Who may do everything."""
_INIT = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True: signal.pause()"
_SMALL = "64m"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_OWN = ("etc", "home", "opt", "root", "var")
# An overlay cannot hold what the engine makes its own overlays of.
_REAL = ("var/lib/docker", "var/lib/containerd")
_HOST_KEY = "/etc/ssh/instance_key"
_SSHD = f"""
Port 22
HostKey {_HOST_KEY}
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication no
UsePAM no
PidFile /run/sshd.pid
Include /etc/ssh/sshd_config.d/10-aware.conf
"""


class Instance:
    """Made once; `boot` and `power_off` any number of times; `destroy` at the end."""

    def __init__(self, folder: Path, cloud_init: str) -> None:
        """Make its disk in `folder`, and everything on it that cloud-init is told."""
        self._folder = folder
        self._data: dict[str, Any] = yaml.safe_load(cloud_init)
        self._power: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._registry: tuple[str, ...] = ()
        number = secrets.randbelow(2**13) * 8
        self._network = f"198.18.{number // 256}.{number % 256 // 8 * 8}"
        head, _, last = self._network.rpartition(".")
        self.gateway, self.address = f"{head}.{int(last) + 1}", f"{head}.{int(last) + 2}"
        self._link = f"aw{number:x}"
        small = folder / "opt"
        small.mkdir(parents=True)
        run(*as_root("mount", "-t", "tmpfs", "-o", f"size={_SMALL}", "tmpfs", str(small)))
        for name in _OWN:
            (self._disk(name) / "upper").mkdir(parents=True)
            (self._disk(name) / "work").mkdir()
        for name in _REAL:
            (folder / "real" / name).mkdir(parents=True)

    def boot(self) -> None:
        """Switch the power on; returns when engine and sshd answer."""
        # Where the tests are killed the machine ends too.
        command = ["setpriv", "--pdeathsig", "KILL"]
        command += ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork"]
        command += ["--mount-proc", "--kill-child", sys.executable, "-c", _INIT]
        self._power = subprocess.Popen(as_root(*command))
        self._pid = until(self._init, "the machine has a first process")
        self._mount()
        self._connect()
        self.start_engine()
        self._start("sshd", "/usr/sbin/sshd", "-D", "-e")
        until(lambda: self._answers(22), "sshd answers")
        if self._registry:
            self.start_registry(self._registry)

    def power_off(self) -> None:
        """Take the power away, from everything at once."""
        if self._power is not None:
            run(*as_root("kill", "-KILL", str(self._pid)), check=False)
            self._power.wait()
            self._power = None
            until(lambda: not Path(f"/proc/{self._pid}").exists(), "everything ended")
        for rule in self._rules():
            run(*as_root("iptables", "-w", "-D", *rule), check=False)

    def destroy(self) -> None:
        """Leave nothing."""
        self.power_off()
        run(*as_root("umount", str(self._folder / "opt")))
        run(*as_root("rm", "-rf", str(self._folder)))

    def install(self, key: str) -> str:
        """What Ubuntu and cloud-init do at the first boot; returns the host's public key.

        `key` is the public key of the one who operates the machine.
        """
        home = f"/home/{OPERATOR}"
        self.root("useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", OPERATOR)
        self.root("sh", "-c", f"getent group docker || groupadd docker; mkdir -p {home}/.ssh")
        self.write(f"{home}/.ssh/authorized_keys", key)
        self.root("chown", "-R", OPERATOR, home)
        for file in self._data["write_files"]:
            self.write(file["path"], file["content"])
            self.root("chmod", file.get("permissions", "0644"), file["path"])
        for line in self._data["runcmd"]:
            words = line.split() if isinstance(line, str) else line
            if words == ["systemctl", "restart", "docker.service"]:
                self.stop_engine()
                self.start_engine()
            elif "ssh.service" in words:
                self.root("sh", "-c", "kill -HUP $(cat /run/sshd.pid)")
            elif words[0] != "systemctl":
                self.root(*words)
        return self.read(f"{_HOST_KEY}.pub")

    def unit(self, name: str) -> list[str]:
        """What systemd starts for a unit, as the user whom the unit names."""
        (text,) = [
            file["content"]
            for file in self._data["write_files"]
            if file["path"].endswith(f"/{name}.service")
        ]
        lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        return ["runuser", "-u", lines["User"], "--", *lines["ExecStart"].split()]

    def start_engine(self) -> None:
        """Start dockerd with the settings of cloud-init."""
        self._start("dockerd", "dockerd")
        until(lambda: self.try_root("docker", "info").returncode == 0, "the engine answers")

    def stop_engine(self) -> None:
        """Stop dockerd, as its unit does."""
        self.root("sh", "-c", "kill $(cat /var/run/docker.pid)")
        until(lambda: self.try_root("docker", "info").returncode != 0, "the engine is gone")
        self.root("sh", "-c", "while pgrep -x dockerd; do sleep 0.1; done")

    def root(self, *command: str) -> str:
        """What a command prints that root runs there; raises where it fails."""
        done = self.try_root(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def try_root(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """The same, whatever its status."""
        return subprocess.run(
            self._inside(*command),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def write(self, path: str, text: str) -> None:
        """Make a file there."""
        subprocess.run(
            self._inside("sh", "-c", 'mkdir -p "$(dirname "$0")" && cat > "$0"', path),
            input=text,
            text=True,
            check=True,
        )

    def read(self, path: str) -> str:
        """The text of a file there."""
        return self.root("cat", path)

    def start_registry(self, command: Sequence[str]) -> None:
        """Start an image registry on its loopback, now and at every boot."""
        self._registry = tuple(command)
        self._start("registry", *command)
        until(lambda: self._answers(registry.PORT), "the registry answers")

    def containers(self) -> list[dict[str, Any]]:
        """What `docker inspect` says of all."""
        ids = self.root("docker", "ps", "-aq").split()
        found: list[dict[str, Any]] = (
            json.loads(self.root("docker", "inspect", *ids)) if ids else []
        )
        return found

    def log(self, name: str) -> str:
        """What `dockerd` or `sshd` said."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def _start(self, name: str, *command: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            subprocess.run(
                self._inside("setsid", "--fork", *command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )

    def _inside(self, *command: str) -> list[str]:
        # It has neither the tests' environment nor their current folder.
        clean = ("env", "-i", "-C", "/", _PATH)
        namespaces = ("--mount", "--net", "--pid", "--uts", "--ipc")
        return as_root("nsenter", "--target", str(self._pid), *namespaces, *clean, *command)

    def _init(self) -> int:
        assert self._power is not None
        parent = self._power.pid
        for _ in range(3):  # sudo puts processes of its own between
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            if not children:
                return 0
            parent = int(children[0])
            if Path(f"/proc/{parent}/cmdline").read_bytes().startswith(sys.executable.encode()):
                return parent
        return 0

    def _disk(self, name: str) -> Path:
        """What keeps the changes to a folder; releases are on a disk that is soon full."""
        return self._folder / "opt" if name == "opt" else self._folder / "disk" / name

    def _mount(self) -> None:
        lines = ["set -e", "mount --make-rprivate /"]
        for name in _OWN:
            disk = self._disk(name)
            options = f"lowerdir=/{name},upperdir={disk}/upper,workdir={disk}/work"
            lines.append(f"mount -t overlay overlay -o {options} /{name}")
        real = self._folder / "real"
        lines += [
            *(f"mkdir -p /{each} && mount --bind {real / each} /{each}" for each in _REAL),
            "mount -t tmpfs tmpfs /run && mkdir -p /run/sshd",
            "hostname aware",
            f"[ -e {_HOST_KEY} ] || ssh-keygen -q -t ed25519 -N '' -f {_HOST_KEY}",
        ]
        self.root("sh", "-c", "\n".join(lines))
        self.write("/etc/ssh/sshd_config", _SSHD)

    def _connect(self) -> None:
        """One cable to this machine, which lets it into the world, for packages in builds."""
        outer, inner = f"{self._link}h", f"{self._link}i"
        for command in (
            f"ip link add {outer} type veth peer name {inner} netns {self._pid}",
            f"ip addr add {self.gateway}/29 dev {outer}",
            f"ip link set {outer} up",
        ):
            run(*as_root(*command.split()))
        for command in (
            "ip link set lo up",
            f"ip addr add {self.address}/29 dev {inner}",
            f"ip link set {inner} up",
            f"ip route add default via {self.gateway}",
        ):
            self.root(*command.split())
        for rule in self._rules():
            run(*as_root("iptables", "-w", "-I", *rule))

    def _rules(self) -> list[list[str]]:
        outer = f"{self._link}h"
        return [
            ["FORWARD", "-i", outer, "-j", "ACCEPT"],
            ["FORWARD", "-o", outer, "-j", "ACCEPT"],
            ["POSTROUTING", "-t", "nat", "-s", f"{self._network}/29", "-j", "MASQUERADE"],
        ]

    def _answers(self, port: int) -> bool:
        return self.try_root("sh", "-c", f"ss -tln | grep -q ':{port} '").returncode == 0


def possible() -> str | None:
    """Why there can be no such machine here; None where there can."""
    for program in ("unshare", "nsenter", "ip", "iptables", "dockerd", "sshd", "docker"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"there is no {program}"
    if run(*as_root("unshare", "--mount", "--net", "--pid", "--fork", "true"), check=False):
        return "only root can make namespaces"
    return None


def as_root(*command: str) -> list[str]:
    """The command, through sudo where that is needed."""
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *command]


def run(*command: str, check: bool = True) -> int:
    """The status of a command; what it prints is shown only where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.returncode
