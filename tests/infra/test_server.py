"""The template of servers against the code, against that of the functions, and each check against one that breaks it."""

import copy
import pathlib
import re

import pytest

import template
from rights import TABLE, granted

ROOT = pathlib.Path(__file__).parents[2]
TABLES = {
    each["Properties"]["TableName"]: name
    for name, each in template.deployed(template.read()).items()
    if each["Type"] == "AWS::DynamoDB::Table"
}


@pytest.fixture(scope="session")
def raw():
    return template.read(template.SERVER)


def container(resources):
    (only,) = resources["Task"]["Properties"]["ContainerDefinitions"]
    return only


def environment(resources):
    return {each["Name"]: each["Value"] for each in container(resources)["Environment"]}


def rights(resources):
    """What the tasks may do: action and resource, written as the template of functions writes it."""
    (policy,) = resources["TaskRole"]["Properties"]["Policies"]
    found = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow" and "Condition" not in statement
        found |= {(action, plain(where)) for action in statement["Action"] for where in statement["Resource"]}
    return found


def plain(where):
    table = re.fullmatch(r"arn:aws:dynamodb:eu-central-1:123456789012:table/([a-z-]+)(/index/[a-z]+)?", where)
    return f"<{TABLES[table[1]]}.Arn>{table[2] or ''}" if table and table[1] in TABLES else where


def may_do_what_all_functions_may(resources):
    """But invoke each other, which in one process is a call, and write logs, which Fargate does."""
    functions = template.deployed(template.read())
    union = {(action, re.sub(r"/(account|owner|count|keys|workloads|sso#\*|digest#\*|alert#\*)$", "", where)) for name in TABLE for action, where, _ in granted(functions, name)}
    union = {each for each in union if each[0].startswith("dynamodb:")}
    mine = {each for each in rights(resources) if each[0].startswith("dynamodb:")}
    assert mine == union, mine ^ union
    secrets = {each for each in rights(resources) if not each[0].startswith("dynamodb:")}
    names = ("GetSecretValue", "CreateSecret", "PutSecretValue", "DeleteSecret")
    everything = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tidegate/*"
    assert secrets == {(f"secretsmanager:{name}", everything) for name in names}
    told = (ROOT / "docs/server.md").read_text()
    assert all(f"`{name}`" in told or f"`secretsmanager:{name}`" in told for name in names)


def sets_options_that_there_are(resources):
    sources = "".join(path.read_text() for path in (ROOT / "local/src").rglob("*.rs"))
    known = set(re.findall(r'env = "(\w+)"', sources))
    given = environment(resources)
    assert given.keys() <= known, given.keys() - known
    assert (given["STORE"], given["TABLE_PREFIX"], given["SECRET_PREFIX"]) == ("dynamodb", "tidegate-", "tidegate/")
    assert given["LISTEN"].endswith(f":{container(resources)['PortMappings'][0]['ContainerPort']}")
    # What the load balancer says of clients' addresses is believed, and of nobody else.
    assert given["TRUSTED_PROXIES"] == "<VpcCidr>"
    assert "AWS_ACCESS_KEY_ID" not in given and not any("SECRET" in name and name != "SECRET_PREFIX" for name in given)


def shares_tables_with_functions_that_do_the_schedules(resources):
    given = environment(resources)
    assert (given["CREATE_TABLES"], given["SCHEDULES"]) == ("false", "false")
    assert "Secrets" not in container(resources)


def lets_streams_last_and_end(resources):
    attributes = {each["Key"]: each["Value"] for each in resources["LoadBalancer"]["Properties"]["LoadBalancerAttributes"]}
    assert (attributes["idle_timeout.timeout_seconds"], attributes["routing.http2.enabled"]) == ("4000", "true")
    drain, stop = int(environment(resources)["DRAIN_SECONDS"]), container(resources)["StopTimeout"]
    assert drain + 10 <= stop <= 120, "Fargate kills after 120 s"
    target = {each["Key"]: each["Value"] for each in resources["Targets"]["Properties"]["TargetGroupAttributes"]}
    assert int(target["deregistration_delay.timeout_seconds"]) >= drain
    assert resources["Targets"]["Properties"]["HealthCheckPath"] == "/ready"


def takes_nothing_in_clear_text(resources):
    listeners = [each["Properties"] for each in resources.values() if each["Type"].endswith("::Listener")]
    assert all(each["Protocol"] == "HTTPS" or each["DefaultActions"][0]["Type"] == "redirect" for each in listeners)
    (only,) = resources["TaskGroup"]["Properties"]["SecurityGroupIngress"]
    assert only["SourceSecurityGroupId"] == "<LoadBalancerGroup>" and "CidrIp" not in only


def runs_as_nobody_on_arm_and_replaces_itself_safely(resources):
    task, service = resources["Task"]["Properties"], resources["Service"]["Properties"]
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert container(resources)["User"] != "0" and container(resources)["ReadonlyRootFilesystem"] is True
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100
    assert int(resources["Scaling"]["Properties"]["MinCapacity"]) >= 2


def scales_by_cpu_and_by_streams(resources):
    policies = [each["Properties"]["TargetTrackingScalingPolicyConfiguration"] for each in resources.values() if each["Type"].endswith("::ScalingPolicy")]
    kinds = [each.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType") for each in policies]
    assert "ECSServiceAverageCPUUtilization" in kinds
    (streams,) = (each["CustomizedMetricSpecification"]["Metrics"] for each in policies if "CustomizedMetricSpecification" in each)
    (result,) = (each for each in streams if each["ReturnData"])
    ids = {each["Id"] for each in streams} - {result["Id"]}
    assert set(re.findall("[a-z]+", result["Expression"])) == ids


def statements(role, names):
    """The statements of a role with these names."""
    found = (each for policy in role["Properties"]["Policies"] for each in policy["PolicyDocument"]["Statement"])
    return {each["Sid"]: each for each in found if each["Sid"] in names}


def test_p58_parameters_give_the_tasks_what_they_give_the_proxy(raw):
    names = {"CallModels", "UseModelKeys", "AssumeModelRoles", "ShowRole"}
    given = {"BedrockModels": "arn:a,arn:b", "BedrockTokens": "on", "BedrockRoles": "arn:c", "FederatedAudiences": "api://d", "IdentityOrigins": "https://e"}
    proxy = template.deployed(template.read(), **given)["ProxyRole"]
    tasks = template.servers(raw, **given)
    assert statements(tasks["TaskRole"], names) == statements(proxy, names)
    assert statements(proxy, names).keys() == names
    assert environment(tasks)["IDENTITY_ORIGINS"] == "https://e"
    assert not statements(template.servers(raw)["TaskRole"], names)


CHECKS = [
    may_do_what_all_functions_may,
    sets_options_that_there_are,
    shares_tables_with_functions_that_do_the_schedules,
    lets_streams_last_and_end,
    takes_nothing_in_clear_text,
    runs_as_nobody_on_arm_and_replaces_itself_safely,
    scales_by_cpu_and_by_streams,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_template_of_servers(check, raw):
    check(template.servers(raw))


def change(*path, to):
    def mutate(resources):
        *way, last = path
        for step in way:
            resources = resources[step]
        resources[last] = to

    return mutate


def variable(name, value):
    def mutate(resources):
        found = resources["Task"]["Properties"]["ContainerDefinitions"][0]["Environment"]
        (each,) = (each for each in found if each["Name"] == name)
        each.update(value)

    return mutate


STATEMENTS = ("TaskRole", "Properties", "Policies", 0, "PolicyDocument", "Statement")
MUTATIONS = [
    (may_do_what_all_functions_may, "one right more", change(*STATEMENTS, 4, "Action", 0, to="dynamodb:DeleteItem")),
    (may_do_what_all_functions_may, "one table less", change(*STATEMENTS, 0, "Resource", 0, to="arn:aws:dynamodb:::table/other")),
    (sets_options_that_there_are, "a misspelt option", variable("PUBLIC_URL", {"Name": "PUBLIC_ADDRESS"})),
    (sets_options_that_there_are, "everybody trusted", variable("TRUSTED_PROXIES", {"Value": "0.0.0.0/0"})),
    (shares_tables_with_functions_that_do_the_schedules, "twice a minute", variable("SCHEDULES", {"Value": "true"})),
    (lets_streams_last_and_end, "killed in mid-stream", variable("DRAIN_SECONDS", {"Value": "120"})),
    (lets_streams_last_and_end, "a minute of silence", change("LoadBalancer", "Properties", "LoadBalancerAttributes", 0, "Value", to="60")),
    (takes_nothing_in_clear_text, "http", change("Http", "Properties", "DefaultActions", 0, "Type", to="forward")),
    (takes_nothing_in_clear_text, "open tasks", change("TaskGroup", "Properties", "SecurityGroupIngress", 0, "CidrIp", to="0.0.0.0/0")),
    (runs_as_nobody_on_arm_and_replaces_itself_safely, "root", change("Task", "Properties", "ContainerDefinitions", 0, "User", to="0")),
    (runs_as_nobody_on_arm_and_replaces_itself_safely, "no way back", change("Service", "Properties", "DeploymentConfiguration", "DeploymentCircuitBreaker", "Rollback", to=False)),
    (scales_by_cpu_and_by_streams, "an unknown name", change("ScalingByStreams", "Properties", "TargetTrackingScalingPolicyConfiguration", "CustomizedMetricSpecification", "Metrics", 2, "Expression", to="links / tasks")),
]


@pytest.mark.parametrize(("check", "mutate"), [(check, mutate) for check, _, mutate in MUTATIONS], ids=[name for _, name, _ in MUTATIONS])
def test_a_broken_template_of_servers_fails_its_check(check, mutate, raw):
    broken = copy.deepcopy(raw)
    mutate(broken["Resources"])
    with pytest.raises((AssertionError, KeyError)):
        check(template.servers(broken))


def test_every_check_of_servers_can_fail():
    assert {check for check, _, _ in MUTATIONS} == set(CHECKS)


def test_servers_on_tables_of_their_own_make_them_and_have_an_administrator(raw):
    own = {"Tables": "other", "CreateTables": "true", "Schedules": "true", "AdminPasswordSecretArn": "arn:aws:secretsmanager:::secret:password"}
    resources = template.servers(raw, **own)
    more = {action for action, where in rights(resources) if action.startswith("dynamodb:") and ("/other-*" in where or where == "*")}
    (row,) = re.findall(r"^\| `--create-tables` \| (`dynamodb:.*) \|$", (ROOT / "docs/server.md").read_text(), re.MULTILINE)
    assert {action.removeprefix("dynamodb:") for action in more} == {name.removeprefix("dynamodb:") for name in re.findall("`([^`]+)`", row)}
    assert environment(resources)["TABLE_PREFIX"] == "other-"
    assert container(resources)["Secrets"] == [{"Name": "ADMIN_PASSWORD", "ValueFrom": own["AdminPasswordSecretArn"]}]
    (policy,) = resources["ExecutionRole"]["Properties"]["Policies"]
    assert policy["PolicyDocument"]["Statement"][0]["Resource"] == [own["AdminPasswordSecretArn"]]


def test_servers_fit_every_region():
    assert not template.linted(template.SERVER, "ALL_REGIONS")
