"""The template against the code, and each check against a template that breaks it."""

import copy
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

import checks
import template
from rights import ACCOUNT, attributes, granted, wanted_with
from template import deployed


@pytest.fixture(scope="session")
def raw():
    return template.read()


@pytest.fixture(scope="session")
def resources(raw):
    return deployed(raw)


def judge(check, template, code):
    """With the parameters that the check is for."""
    check(deployed(template, **getattr(check, "parameters", {})), code)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_the_template(check, raw, code):
    judge(check, raw, code)


def test_p58_each_function_has_the_rights_of_the_table(resources, code):
    checks.gives_each_function_its_rights_and_no_more(resources, code)
    checks.allows_nothing_by_wildcard(resources, code)


def test_p58_parameters_give_the_proxy_more_and_nobody_else(raw):
    models = ["arn:aws:bedrock:*::foundation-model/anthropic.*", "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.*"]
    parameters = {
        "BedrockModels": models, "BedrockTokens": ["on"], "BedrockRoles": ["arn:aws:iam::210987654321:role/models"],
        "FederatedAudiences": ["api://AzureADTokenExchange", "https://api.openai.com/v1"],
    }
    given = {name: ",".join(values) for name, values in parameters.items()}
    resources = deployed(raw, **given, IdentityOrigins="https://apim.example.com")
    for function in checks.FUNCTIONS:
        assert granted(resources, function) == wanted_with(function, parameters), function


def test_p75_no_function_but_the_logins_reads_password_hashes(resources, code):
    checks.keeps_password_hashes_to_the_logins(resources, code)


def test_p49_completions_have_their_time_and_everything_else_ends_in_time(resources, code):
    checks.gives_completions_their_time(resources, code)


def change(*path, to):
    """Sets what lies at `path` of the template's resources; `None` removes it."""

    def mutate(resources):
        *way, last = path
        for step in way:
            resources = resources[step]
        if to is None:
            del resources[last]
        else:
            resources[last] = to

    return mutate


def event(function, name, **properties):
    return lambda resources: resources[function]["Properties"]["Events"][name]["Properties"].update(properties)


def statement(role, sid, **properties):
    """Changes one statement of a role."""

    def mutate(resources):
        (policy,) = resources[role]["Properties"]["Policies"]
        (found,) = (each for each in policy["PolicyDocument"]["Statement"] if each.get("Sid") == sid)
        found.update(properties)

    return mutate


def account(role, Attributes=ACCOUNT, Select="SPECIFIC_ATTRIBUTES"):
    """Changes which attributes of accounts a role reads."""
    condition = {**attributes(Attributes), "StringEqualsIfExists": {"dynamodb:Select": Select}}
    return statement(role, "ReadAccounts", Condition=condition)


def setting(number, **properties):
    return lambda resources: resources["Api"]["Properties"]["MethodSettings"][number].update(properties)


def arn(*name):
    return {"Fn::GetAtt": [*name]}


PROPERTIES = "Properties"
ENTRY = {"Type": "Api", PROPERTIES: {"RestApiId": {"Ref": "Api"}, "Path": "/other", "Method": "GET"}}

# One change for each thing that a check holds: with it, the check must fail.
MUTATIONS = [
    (checks.streams_v1_and_the_console_and_buffers_the_rest, "a misspelt mode", event("Proxy", "Post", ResponseTransferMode="STREAMX")),
    (checks.streams_v1_and_the_console_and_buffers_the_rest, "a buffered liveness", event("Proxy", "RootGet", ResponseTransferMode="BUFFERED")),
    (checks.streams_v1_and_the_console_and_buffers_the_rest, "a streamed login", event("Auth", "AuthPost", ResponseTransferMode="RESPONSE_STREAM")),
    (checks.gives_completions_their_time, "a short edge", event("Proxy", "Post", TimeoutInMillis=29000)),
    (checks.gives_completions_their_time, "a short proxy", change("Proxy", PROPERTIES, "Timeout", to=600)),
    (checks.gives_completions_their_time, "a long login", change("Auth", PROPERTIES, "Timeout", to=60)),
    (checks.leads_every_route_to_its_function, "a method missing", change("Admin", PROPERTIES, "Events", "Put", to=None)),
    (checks.leads_every_route_to_its_function, "a path missing", event("Proxy", "Post", Path="/v2/{proxy+}")),
    (checks.leads_every_route_to_its_function, "the wrong function", event("Auth", "ProfileGet", Path="/api/v1/users/profile")),
    (checks.leads_every_route_to_its_function, "a route of nobody", change("Keys", PROPERTIES, "Events", "Other", to=ENTRY)),
    (checks.answers_browsers_first_question, "no OPTIONS", change("Keys", PROPERTIES, "Events", "Options", to=None)),
    (checks.has_the_tables_of_the_code, "another name", change("Users", PROPERTIES, "TableName", to="users")),
    (checks.has_the_tables_of_the_code, "a table missing", change("Audit", to=None)),
    (checks.has_the_tables_of_the_code, "an index missing", change("Users", PROPERTIES, "GlobalSecondaryIndexes", to=[])),
    (checks.has_the_tables_of_the_code, "no time to live", change("Quota", PROPERTIES, "TimeToLiveSpecification", "Enabled", to=False)),
    (checks.has_the_tables_of_the_code, "another key", change("Quota", PROPERTIES, "KeySchema", 1, "AttributeName", to="id")),
    (checks.keeps_the_tables_safe, "paid while idle", change("Users", PROPERTIES, "BillingMode", to="PROVISIONED")),
    (checks.keeps_the_tables_safe, "no backups", change("Users", PROPERTIES, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled", to=False)),
    (checks.keeps_the_tables_safe, "not protected", change("Users", PROPERTIES, "DeletionProtectionEnabled", to="false")),
    (checks.deploys_in_a_new_account, "kept concurrency", change("Auth", PROPERTIES, "ReservedConcurrentExecutions", to=20)),
    (checks.deploys_in_a_new_account, "protected from the start", change("Users", PROPERTIES, "DeletionProtectionEnabled", to="true")),
    (checks.deploys_in_a_new_account, "an alarm to pay", change("ProxyFailingAlarm", "Condition", to="HasMetrics")),
    (checks.reaches_backends_from_a_vpc, "from outside", change("Health", PROPERTIES, "VpcConfig", to=None)),
    (checks.reaches_backends_from_a_vpc, "rights of no use", statement("KeysRole", "Read", Sid="Interfaces", Action=["ec2:CreateNetworkInterface"])),
    (checks.streams_nothing_without_a_body, "a streamed OPTIONS", event("Keys", "RerankOptions", ResponseTransferMode="RESPONSE_STREAM")),
    (checks.streams_nothing_without_a_body, "no HEAD", change("Api", PROPERTIES, "DefinitionBody", "paths", "/", to=None)),
    (checks.watches_every_function, "nobody watches", change("ConsoleFailingAlarm", to=None)),
    (checks.keeps_the_tables_safe, "not encrypted", change("Users", PROPERTIES, "SSESpecification", "Fn::If", 1, "SSEEnabled", to=False)),
    (checks.keeps_the_tables_safe, "deleted with the stack", change("Users", "DeletionPolicy", to="Delete")),
    (checks.sets_the_variables_that_the_code_reads, "one more", change("Auth", PROPERTIES, "Environment", to={"Variables": {"NEW": "1"}})),
    (checks.gives_each_function_its_rights_and_no_more, "one action more", statement("HealthRole", "Read", Action=["dynamodb:Scan"])),
    (checks.gives_each_function_its_rights_and_no_more, "one table less", statement("HealthRole", "Read", Resource=[arn("Catalog", "Arn")])),
    (checks.gives_each_function_its_rights_and_no_more, "outside transactions", statement("AdminRole", "Change", Condition=None)),
    (checks.gives_each_function_its_rights_and_no_more, "a shared role", change("Keys", PROPERTIES, "Role", to=arn("AuthRole", "Arn"))),
    (checks.gives_each_function_its_rights_and_no_more, "a ready-made policy", change("KeysRole", PROPERTIES, "ManagedPolicyArns", to=["arn:aws:iam::aws:policy/x"])),
    (checks.gives_each_function_its_rights_and_no_more, "reading what it writes", statement("AdminRole", "WriteBackendSecrets", Action=["secretsmanager:GetSecretValue"])),
    (checks.keeps_password_hashes_to_the_logins, "the whole account", statement("ProxyRole", "ReadAccounts", Condition=None)),
    (checks.keeps_password_hashes_to_the_logins, "its hash too", account("AdminRole", Attributes=[*ACCOUNT, "password_hash"])),
    (checks.keeps_password_hashes_to_the_logins, "all that an index has", account("KeysRole", Select="ALL_PROJECTED_ATTRIBUTES")),
    (checks.allows_nothing_by_wildcard, "all actions", statement("ProxyRole", "Read", Action=["dynamodb:*"])),
    (checks.allows_nothing_by_wildcard, "all tables", statement("ProxyRole", "Read", Resource=["*"])),
    (checks.throttles_and_keeps_logins_apart, "no throttling", setting(0, ThrottlingRateLimit=0)),
    (checks.throttles_and_keeps_logins_apart, "no throttling of logins", setting(1, ResourcePath="/~1other")),
    (checks.throttles_and_keeps_logins_apart, "no throttling of begun logins", setting(2, HttpMethod="PUT")),
    (checks.throttles_and_keeps_logins_apart, "one pool", change("Auth", PROPERTIES, "ReservedConcurrentExecutions", to=0)),
    (checks.gives_password_hashes_a_cpu, "a small function", change("Auth", PROPERTIES, "MemorySize", to=512)),
    (checks.logs_no_secrets_at_the_edge, "query strings", change("Api", PROPERTIES, "AccessLogSetting", "Fn::If", 1, "Format", to='{"path":"$context.path"}')),
    (checks.logs_no_secrets_at_the_edge, "whole requests", setting(0, LoggingLevel="INFO", DataTraceEnabled=True)),
    (checks.keeps_logs_for_a_time, "for ever", change("AuthLog", PROPERTIES, "RetentionInDays", to=0)),
    (checks.keeps_logs_for_a_time, "another's group", change("Auth", PROPERTIES, "LoggingConfig", "LogGroup", to={"Ref": "KeysLog"})),
    (checks.answers_at_the_edge_like_the_gateway, "its own 403", change("Api", PROPERTIES, "GatewayResponses", "MISSING_AUTHENTICATION_TOKEN", to=None)),
    (checks.answers_at_the_edge_like_the_gateway, "its own body", change("Api", PROPERTIES, "GatewayResponses", "THROTTLED", "ResponseTemplates", "application/json", to='{"message":"no"}')),
    (checks.answers_at_the_edge_like_the_gateway, "no Retry-After", change("Api", PROPERTIES, "GatewayResponses", "THROTTLED", "ResponseParameters", "Headers", "Retry-After", to=None)),
    (checks.answers_at_the_edge_like_the_gateway, "closed to web pages", change("Api", PROPERTIES, "GatewayResponses", "THROTTLED", "ResponseParameters", "Headers", "Access-Control-Allow-Origin", to=None)),
    (checks.is_regional, "edge-optimised", change("Api", PROPERTIES, "EndpointConfiguration", "Type", to="EDGE")),
    (checks.runs_schedules_once_a_minute_without_retries, "retries of the scheduler", event("Health", "EveryMinute", RetryPolicy={"MaximumRetryAttempts": 185})),
    (checks.runs_schedules_once_a_minute_without_retries, "retries of Lambda", change("Janitor", PROPERTIES, "EventInvokeConfig", to=None)),
    (checks.runs_schedules_once_a_minute_without_retries, "too seldom", event("Janitor", "EveryMinute", ScheduleExpression="rate(1 hour)")),
    (checks.watches_what_is_measured, "a misspelt metric", change("FaultsAlarm", PROPERTIES, "MetricName", to="duration")),
    (checks.watches_what_is_measured, "a misspelt code", change("StoreAlarm", PROPERTIES, "Dimensions", 0, "Value", to="store_down")),
    (checks.watches_what_is_measured, "an alarm missing", change("NoBackendAlarm", to=None)),
    (checks.has_no_options_unasked, "a URL without asking", change("ProxyUrl", "Condition", to="HasMetrics")),
]


@pytest.mark.parametrize(("check", "mutate"), [(check, mutate) for check, _, mutate in MUTATIONS], ids=[name for _, name, _ in MUTATIONS])
def test_a_broken_template_fails_its_check(check, mutate, raw, code):
    broken = copy.deepcopy(raw)
    mutate(broken["Resources"])
    with pytest.raises((AssertionError, KeyError)):
        judge(check, broken, code)


def test_every_check_can_fail():
    assert {check for check, _, _ in MUTATIONS} == set(checks.CHECKS)


def test_options_are_there_when_asked_for(raw):
    asked = {
        "AlarmEmail": "ops@example.com", "DomainName": "llm.example.com", "CertificateArn": "arn:aws:acm:::certificate/1",
        "WafRequestsPerAddress": "1000", "FunctionUrl": "on", "CapacityProviderArn": "arn:aws:lambda:::capacity-provider:steady",
    }
    resources = deployed(raw, **asked)
    kinds = [each["Type"] for each in resources.values()]
    for kind in ("AWS::WAFv2::WebACLAssociation", "AWS::ApiGateway::BasePathMapping", "AWS::SNS::Topic"):
        assert kind in kinds
    urls = checks.of_type(resources, "AWS::Lambda::Url")
    assert {name: url["InvokeMode"] for name, url in urls.items()} == {"ProxyUrl": "RESPONSE_STREAM", "SteadyUrl": "RESPONSE_STREAM"}
    # What runs on instances is the proxy: its variables and its rights.
    proxy, steady = resources["Proxy"]["Properties"], resources["Steady"]["Properties"]
    assert all(proxy[name] == steady[name] for name in ("Role", "Environment", "Timeout", "Architectures"))
    # AWS allows 64 requests at once for each CPU, of which 2 GiB have one.
    per_cpu = steady["CapacityProviderConfig"]["LambdaManagedInstancesCapacityProviderConfig"]["PerExecutionEnvironmentMaxConcurrency"]
    assert per_cpu <= 64 * steady["MemorySize"] // 2048


@pytest.mark.parametrize(("asked", "told"), [
    ({}, ""),
    ({"FunctionUrl": "on"}, "<ProxyUrl.FunctionUrl>"),
    ({"FunctionUrl": "on", "CapacityProviderArn": "arn:aws:lambda:::capacity-provider:steady"}, "<SteadyUrl.FunctionUrl>"),
    ({"FunctionUrl": "on", "ApiUrl": "https://llm.example.com"}, "https://llm.example.com"),
])
def test_people_are_told_where_completions_are(asked, told, raw):
    assert deployed(raw, **asked)["Auth"]["Properties"]["Environment"]["Variables"]["API_URL"] == told


def test_p9_single_sign_on_is_told_its_address_with_and_without_a_domain_name(raw, code):
    path = "/api/v1/auth/sso/callback"
    assert path in {route["path"] for route in code["routes"]}
    assert template.outputs(raw)["SsoRedirectUrl"] == f"https://<Api>.execute-api.eu-central-1.amazonaws.com/prod{path}"
    domain = {"DomainName": "llm.example.com", "CertificateArn": "arn:aws:acm:::certificate/1"}
    assert template.outputs(raw, **domain)["SsoRedirectUrl"] == f"https://llm.example.com{path}"


def test_web_pages_read_the_edge_only_where_they_may(raw):
    answers = deployed(raw)["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    assert not any(name.endswith("Allow-Origin") for answer in answers.values() for name in answer["responseParameters"])


def test_without_metrics_none_are_paid_for(raw):
    resources = deployed(raw, Metrics="off")
    assert resources["Proxy"]["Properties"]["Environment"]["Variables"]["METRICS_NAMESPACE"] == ""
    assert all(alarm["Namespace"].startswith("AWS/") for alarm in checks.of_type(resources, "AWS::CloudWatch::Alarm").values())


# Where Lambda has no function URLs, CloudFormation does not know their type: infra/README.md says what to do.
WITHOUT_URLS = {
    "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "cn-northwest-1",
    "eu-central-2", "il-central-1", "me-central-1", "mx-central-1", "us-gov-east-1", "us-gov-west-1",
}


def test_every_region_has_what_the_template_needs():
    missing = {("E3006", f"Resource type 'AWS::Lambda::Url' does not exist in '{region}'") for region in WITHOUT_URLS}
    assert template.linted(template.PATH, "ALL_REGIONS") == missing
    told = (template.PATH.parent / "README.md").read_text()
    assert all(f"`{region}`" in told for region in WITHOUT_URLS)


def test_without_function_urls_it_fits_every_region(tmp_path):
    """By the very command of the guide."""
    (command,) = re.findall(r"^sed .*(?= > )", (template.PATH.parent / "README.md").read_text(), re.MULTILINE)
    left = subprocess.check_output(shlex.split(command), cwd=template.PATH.parents[1], text=True)
    assert "AWS::Lambda::Url" not in left and "AWS::Lambda::Permission" not in left
    (tmp_path / "template.yaml").write_text(left)
    assert not template.linted(tmp_path / "template.yaml", "ALL_REGIONS")


def test_the_linter_of_sam_has_nothing_to_say():
    sam = pathlib.Path(sys.executable).with_name("sam")
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
    result = subprocess.run([sam, "validate", "--lint", "--template", template.PATH], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
