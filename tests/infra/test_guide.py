"""The steps of infra/README.md, walked in the emulated cloud with the words that stand there, as far as it knows them.

It judges no quotas of an account and makes no tables fail that exist: docs/first-hour-on-aws.md has these.
"""

import pathlib
import re

import pytest
from botocore.exceptions import ClientError

import template
from cloud import Emulator, Stack
from conftest import FUNCTIONS

GUIDE = (template.PATH.parent / "README.md").read_text()
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
TABLES = sorted(f"tidegate-{name}" for name in re.search(r"for table in ([a-z -]+); do", GUIDE)[1].split())


@pytest.fixture(scope="module")
def cloud(emulator, tmp_path_factory):
    emulator = Emulator(emulator, tmp_path_factory.mktemp("guide"))
    yield emulator
    emulator.stop()


@pytest.fixture(scope="module")
def first(cloud):
    """The first deployment. No function is called, so none needs to be built."""
    stack = Stack(cloud, {name: pathlib.Path(f"/not/built/{name}") for name in FUNCTIONS})
    yield stack
    stack.stop()


def protected(cloud):
    tables = (cloud.client("dynamodb").describe_table(TableName=name)["Table"] for name in TABLES)
    return {str(each["DeletionProtectionEnabled"]).lower() for each in tables}


def concurrency(cloud, name):
    return cloud.client("lambda").get_function_concurrency(FunctionName=f"tidegate-{name}").get("ReservedConcurrentExecutions")


def test_the_steps_of_a_stacks_life(cloud, first):
    cloudformation, dynamodb = cloud.client("cloudformation"), cloud.client("dynamodb")
    assert {each["ResourceStatus"] for each in first.resources.values()} == {"CREATE_COMPLETE"}
    assert (protected(cloud), concurrency(cloud, "proxy")) == ({"false"}, None)

    # When the stack stands: the second deployment, with the parameters of its command.
    (overrides,) = re.findall(r"--parameter-overrides (DeletionProtection=.*)", GUIDE)
    parameters = dict(each.split("=") for each in overrides.split()) | {"Architecture": "x86_64", "BackendAllowedCidrs": "127.0.0.0/8"}
    before = {name: dynamodb.describe_table(TableName=name)["Table"]["CreationDateTime"] for name in TABLES}
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    cloudformation.update_stack(StackName="tidegate", UsePreviousTemplate=True, Capabilities=CAPABILITIES, Parameters=given)
    cloudformation.get_waiter("stack_update_complete").wait(StackName="tidegate", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    assert protected(cloud) == {"true"}
    assert before == {name: dynamodb.describe_table(TableName=name)["Table"]["CreationDateTime"] for name in TABLES}, "a table was replaced"
    logged = {each["logGroupName"] for each in cloud.client("logs").describe_log_groups()["logGroups"]}
    assert "/aws/apigateway/tidegate" in logged

    # Removing it all: what holds tables and keys is the stack's end, not theirs.
    with pytest.raises(ClientError, match="protected"):
        dynamodb.delete_table(TableName=TABLES[0])
    cloudformation.delete_stack(StackName="tidegate")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="tidegate", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    assert sorted(dynamodb.list_tables()["TableNames"]) == TABLES
    kept = {each["Name"] for each in cloud.client("secretsmanager").list_secrets()["SecretList"]}
    assert kept == {"tidegate/jwt", "tidegate/sealing-keys"}
    for name in TABLES:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)
    assert dynamodb.list_tables()["TableNames"] == []


def test_the_guide_removes_the_tables_that_there_are(code):
    assert TABLES == sorted(f"tidegate-{table['name']}" for table in code["tables"])


def test_the_guide_names_every_alarm_and_every_parameter_that_it_gives():
    resources = template.deployed(template.read(), AlarmEmail="ops@example.com")
    alarms = {each["Properties"]["AlarmName"].removeprefix("tidegate-") for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"}
    section = GUIDE.split("## Watching it")[1].split("\n## ")[0]
    assert all(f"`{name}`" in section for name in alarms)
    known = template.read()["Parameters"].keys()
    named = set(re.findall(r"[`\s]([A-Z][a-z]+[A-Z]\w+)=", GUIDE)) - {"PointInTimeRecoveryEnabled"}
    assert named <= known, named - known


def test_what_can_be_imported_is_kept_and_named():
    """CloudFormation imports by their names what is kept when a stack goes."""
    resources = template.deployed(template.read())
    kept = [each for each in resources.values() if each["Type"] in ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret")]
    assert len(kept) == len(TABLES) + 2
    for each in kept:
        assert each["DeletionPolicy"] == "RetainExceptOnCreate" and (each["Properties"].get("TableName") or each["Properties"].get("Name"))
