"""What stands for AWS."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

from tests.waiting import until


@contextmanager
def aws_stand_in() -> Iterator[dict[str, str]]:
    """What every client of it is told."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    server = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    given = {
        "endpoint_url": f"http://127.0.0.1:{port}",
        "region_name": "us-east-2",
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
    }
    try:
        until(lambda: _answers(given), "the AWS stand-in answers")
        yield given
    finally:
        server.terminate()
        server.wait()


def _answers(given: dict[str, str]) -> bool:
    try:
        boto3.client("ec2", **given).create_key_pair(KeyName="deployer")
    except BotoCoreError:
        return False
    return True
