"""The server: the template and its cloud-init data, and what an AWS stand-in makes of them."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import yaml

from tests.deploy.aws import aws_stand_in
from tests.deploy.template import DEPLOY_KEY, TEMPLATE, Json, cloud_init, template
from tests.deploy.tools import run

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
MY_RANGE = "203.0.113.7/32"


@pytest.fixture(scope="module", name="template")
def _template() -> Json:
    """The template as data."""
    return template()


@pytest.fixture(scope="module", name="cloud_init")
def _cloud_init() -> str:
    """The user data, in clear."""
    return cloud_init()


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """What every client of the AWS stand-in is told."""
    with aws_stand_in() as given:
        yield given


@pytest.fixture(scope="module")
def image(aws: dict[str, str]) -> str:
    """The image that the parameter of the test names; the stand-in lacks Canonical's own."""
    (first, *_) = boto3.client("ec2", **aws).describe_images(Owners=["099720109477"])["Images"]
    name: str = first["ImageId"]
    boto3.client("ssm", **aws).put_parameter(Name="/test/ubuntu", Type="String", Value=name)
    return name


def create(aws: dict[str, str], stack: str, ssh_range: str, **more: str) -> None:
    """Deploy the template, with `more` parameters."""
    boto3.client("cloudformation", **aws).create_stack(
        StackName=stack,
        TemplateBody=TEMPLATE.read_text().replace(UBUNTU, "/test/ubuntu"),
        Parameters=[
            {"ParameterKey": "KeyName", "ParameterValue": "deployer"},
            {"ParameterKey": "DeployKey", "ParameterValue": DEPLOY_KEY},
            {"ParameterKey": "SshRange", "ParameterValue": ssh_range},
            *({"ParameterKey": name, "ParameterValue": value} for name, value in more.items()),
        ],
    )


@pytest.fixture(scope="module")
def stack(aws: dict[str, str], image: str) -> Json:
    """The stack, deployed."""
    assert image
    create(aws, "aware", MY_RANGE)
    (made,) = boto3.client("cloudformation", **aws).describe_stacks(StackName="aware")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    found: Json = made
    return found


@pytest.fixture(scope="module")
def server(aws: dict[str, str], stack: Json) -> Json:
    """The instance that the stack made."""
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    answer = boto3.client("ec2", **aws).describe_instances(InstanceIds=[outputs["InstanceId"]])
    found: Json = answer["Reservations"][0]["Instances"][0]
    assert found["PublicIpAddress"] == outputs["Host"]
    return found


def test_cloudformation_takes_the_template() -> None:
    """By its linter, in every region where there is such an instance."""
    checked = run("cfn-lint", "--regions", "us-east-2", "eu-central-1", "--", TEMPLATE)
    assert checked.returncode == 0, checked.stdout


def opened(aws: dict[str, str], stack: str) -> set[tuple[int, int, str, str]]:
    """The ports that the security group of a stack opens, and to whom."""
    groups = boto3.client("ec2", **aws).describe_security_groups()["SecurityGroups"]
    (group,) = [each for each in groups if each["GroupName"].startswith(f"{stack}-")]
    assert not any(rule["Ipv6Ranges"] for rule in group["IpPermissions"])
    return {
        (rule["FromPort"], rule["ToPort"], rule["IpProtocol"], source["CidrIp"])
        for rule in group["IpPermissions"]
        for source in rule["IpRanges"]
    }


def test_only_the_gateway_and_ssh_of_a_stated_range_are_open(
    aws: dict[str, str], stack: Json
) -> None:
    """443 for everybody, 22 for the range; no database, broker or admin port."""
    assert opened(aws, stack["StackName"]) == {
        (443, 443, "tcp", "0.0.0.0/0"),
        (22, 22, "tcp", MY_RANGE),
    }


def test_port_80_is_opened_where_it_is_asked_for(aws: dict[str, str], image: str) -> None:
    """For certbot, or for plain HTTP."""
    assert image
    create(aws, "with80", MY_RANGE, Port80="open")
    assert (80, 80, "tcp", "0.0.0.0/0") in opened(aws, "with80")
    boto3.client("cloudformation", **aws).delete_stack(StackName="with80")


def test_the_disk_is_encrypted_and_outlives_the_server(aws: dict[str, str], server: Json) -> None:
    """A gp3 volume of the size that was asked for."""
    (mapping,) = server["BlockDeviceMappings"]
    assert mapping["Ebs"]["DeleteOnTermination"] is False
    (volume,) = boto3.client("ec2", **aws).describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])[
        "Volumes"
    ]
    assert (volume["Encrypted"], volume["VolumeType"], volume["Size"]) == (True, "gp3", 40)


def test_the_server_gets_image_key_and_user_data(
    aws: dict[str, str], server: Json, image: str, cloud_init: str
) -> None:
    """And an address that stays."""
    assert (server["ImageId"], server["KeyName"]) == (image, "deployer")
    addresses = boto3.client("ec2", **aws).describe_addresses()["Addresses"]
    assert server["InstanceId"] in {each["InstanceId"] for each in addresses}
    answer = boto3.client("ec2", **aws).describe_instance_attribute(
        InstanceId=server["InstanceId"], Attribute="userData"
    )
    assert base64.b64decode(answer["UserData"]["Value"]).decode() == cloud_init


def test_what_the_stand_in_does_not_model_stands_in_the_template(template: Json) -> None:
    """Metadata only with a session's token and never for a container; the group is attached."""
    properties = template["Resources"]["Server"]["Properties"]
    assert properties["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert properties["SecurityGroupIds"] == [{"GetAtt": "Gateway.GroupId"}]
    assert template["Parameters"]["UbuntuImage"]["Default"] == UBUNTU


@pytest.mark.parametrize(
    "ssh_range",
    ["0.0.0.0/0", "0.0.0.0/1", "203.0.113.0/9", "203.0.0.0/15", "203.0.113.7", "everyone", ""],
)
def test_ssh_is_not_opened_to_the_world(template: Json, ssh_range: str) -> None:
    """The template refuses a range that is none, or wider than 65,536 addresses."""
    pattern = template["Parameters"]["SshRange"]["AllowedPattern"]
    assert not re.fullmatch(pattern, ssh_range)
    for taken in (MY_RANGE, "203.0.0.0/16", "203.0.113.0/24"):
        assert re.fullmatch(pattern, taken)


@pytest.mark.parametrize(
    "key",
    [
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7",
        f'command="id" {DEPLOY_KEY}',
        f"{DEPLOY_KEY}\n{DEPLOY_KEY}",
        "",
    ],
)
def test_the_deploy_key_is_one_key_and_nothing_else(template: Json, key: str) -> None:
    """Neither a second one, nor options, nor another line for cloud-init."""
    pattern = template["Parameters"]["DeployKey"]["AllowedPattern"]
    assert not re.fullmatch(pattern, key)
    assert re.fullmatch(pattern, DEPLOY_KEY)


def test_cloud_init_takes_the_user_data(tmp_path: Path, cloud_init: str) -> None:
    """By cloud-init's own schema."""
    file = tmp_path / "cloud-init.yaml"
    file.write_text(cloud_init)
    checked = run("cloud-init", "schema", "-c", file)
    assert checked.returncode == 0, checked.stderr
    file.write_text(cloud_init + "package_update: perhaps\n")
    assert run("cloud-init", "schema", "-c", file).returncode != 0


def test_the_units_are_units(tmp_path: Path, cloud_init: str) -> None:
    """Systemd verifies them, with a program where theirs will be."""
    units = []
    for file in yaml.safe_load(cloud_init)["write_files"]:
        if "/systemd/" in file["path"]:
            unit = tmp_path / Path(file["path"]).name
            unit.write_text(
                file["content"]
                .replace("/opt/aware/current/deploy/deploy.sh", "/bin/true")
                .replace("Requires=docker.service", "")
            )
            units.append(unit)
    assert {unit.name for unit in units} == {
        "aware.service",
        "aware-backup.service",
        "aware-backup.timer",
    }
    checked = run("systemd-analyze", "verify", *units)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_engine_confines_what_a_stack_cannot(cloud_init: str) -> None:
    """No process gains privileges, and logs are turned over; live-restore excludes Swarm."""
    (file,) = [
        each
        for each in yaml.safe_load(cloud_init)["write_files"]
        if each["path"] == "/etc/docker/daemon.json"
    ]
    settings = json.loads(file["content"])
    assert settings["no-new-privileges"] is True
    assert "live-restore" not in settings
    assert settings["log-opts"].keys() == {"max-size", "max-file"}
