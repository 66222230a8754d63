"""What must hold of the deployed template. Each check takes the resources and what the code says of itself."""

import json
import re

from rights import ACCOUNT, TABLE, WORDS, granted, wanted

FUNCTIONS = {"Auth", "Keys", "Admin", "Console", "Proxy", "Health", "Janitor", "Notify"}
# Under /v1 for the SDKs that ask there, and no completion.
TOKENS = "/v1/oauth/token"
# Of the variables that the code reads: set by Lambda, meant for development, or right by their default.
SET_BY_LAMBDA = {
    "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME", "LAMBDA_TASK_ROOT",
}
FOR_DEVELOPMENT = {"SECRETS_FILE", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SECRETS_MANAGER"}
LEFT_AT_DEFAULT = {"LOG_FORMAT", "AZURE_AUTHORITY_HOST", "AWS_ENDPOINT_URL_STS"} | {
    f"{vendor}_ENDPOINT" for vendor in ("GOOGLE_STS", "GOOGLE_IAM_CREDENTIALS", "GOOGLE_TOKEN", "OPENAI_TOKEN", "ANTHROPIC_TOKEN")
}
# Of one function alone.
OF_ONE = {"API_URL": "Auth"}


def given(**parameters):
    """Says with which parameters a check takes the template: what it judges is off by default."""

    def mark(check):
        check.parameters = parameters
        return check

    return mark


def of_type(resources, kind):
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def routes(resources):
    """Path and method → the integration's function and its properties."""
    found = {}
    for path, methods in resources["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            if integration["type"] != "mock":
                function = re.search(r"<(\w+)\.Arn>", integration["uri"])[1]
                found[path, method.upper()] = function, integration
    return found


def streams_v1_and_the_console_and_buffers_the_rest(resources, _):
    for (path, method), (function, integration) in routes(resources).items():
        is_streamed = function in ("Proxy", "Console")
        assert integration.get("responseTransferMode", "BUFFERED") == ("STREAM" if is_streamed else "BUFFERED"), (path, method)
        assert integration["uri"].endswith("/response-streaming-invocations" if is_streamed else "Arn>/invocations"), (path, method)
        of_clients = (path.startswith(("/v1/", "/console")) and path != TOKENS) or path in ("/", "/health", "/rerank", "/v2/rerank")
        assert is_streamed == (of_clients and method != "OPTIONS"), (path, method)


def streams_nothing_without_a_body(resources, _):
    """Such streams have hung behind API Gateway in other runtimes."""
    paths = resources["Api"]["Properties"]["Body"]["paths"]
    heads = {path for path, methods in paths.items() if "head" in methods}
    assert heads == {"/", "/health"}
    for path in heads:
        integration = paths[path]["head"]["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["responses"]["default"]["statusCode"]) == ("mock", "200"), path
    for (path, method), (_, integration) in routes(resources).items():
        assert method not in ("OPTIONS", "HEAD") or "responseTransferMode" not in integration, (path, method)


def gives_completions_their_time(resources, _):
    """Promise 49: a completion may take 840 s; everything else ends before API Gateway gives it up."""
    functions = of_type(resources, "AWS::Lambda::Function")
    assert int(functions["Proxy"]["Timeout"]) == 900
    for (path, method), (function, integration) in routes(resources).items():
        if path.startswith("/v1/") and path != TOKENS and method != "OPTIONS":
            assert integration["timeoutInMillis"] == 900_000, (path, method)
        elif function != "Proxy":
            assert int(functions[function]["Timeout"]) <= 29, function


def leads_every_route_to_its_function(resources, code):
    """As API Gateway does it: a path of its own before `{proxy+}`, the longest of those before the others."""
    offered = routes(resources)
    used = set()
    for route in code["routes"]:
        # A last slash is nothing to API Gateway.
        path = re.sub(r"\{[^}]*\}", "x", route["path"]).rstrip("/") or "/"
        fitting = [each for each, _ in offered if re.fullmatch(re.escape(each).replace(r"\{proxy\+\}", ".+"), path)]
        assert fitting, f"no path of the template leads to {route['path']}"
        best = max(fitting, key=lambda each: (each == path, len(each)))
        assert (best, route["method"]) in offered, f"{route['method']} {route['path']} is not offered by {best}"
        assert offered[best, route["method"]][0].lower() == route["function"], route
        used.add((best, route["method"]))
    # Besides them: what browsers ask first, and HEAD where a GET is offered.
    used |= {(path, "OPTIONS") for path, _ in used} | {(path, "HEAD") for path, method in used if method == "GET"}
    assert set(offered) <= used, f"no route is behind {set(offered) - used}"


def answers_browsers_first_question(resources, _):
    offered = routes(resources)
    paths = {path for path, _ in offered if path.startswith(("/v1", "/api"))}
    assert all((path, "OPTIONS") in offered for path in paths)


def has_the_tables_of_the_code(resources, code):
    tables = {each["TableName"]: each for each in of_type(resources, "AWS::DynamoDB::Table").values()}
    assert set(tables) == {f"tidegate-{table['name']}" for table in code["tables"]}
    for table in code["tables"]:
        defined = tables[f"tidegate-{table['name']}"]
        assert schema(defined) == (table["partition"], table["sort"]), table["name"]
        indexes = {each["IndexName"]: (*schema(each), each["Projection"]["ProjectionType"]) for each in defined.get("GlobalSecondaryIndexes", [])}
        wanted_indexes = {each["name"]: (each["partition"], each["sort"], PROJECTIONS[each["keys_only"]]) for each in table["indexes"]}
        assert indexes == wanted_indexes, table["name"]
        keys = {attribute for each in [table, *table["indexes"]] for attribute in (each["partition"], each["sort"])}
        assert {each["AttributeName"]: each["AttributeType"] for each in defined["AttributeDefinitions"]} == dict.fromkeys(keys, "S")
        assert defined["TimeToLiveSpecification"] == {"AttributeName": table["ttl"], "Enabled": True}, table["name"]


PROJECTIONS = {True: "KEYS_ONLY", False: "ALL"}


def schema(keyed):
    kinds = {each["KeyType"]: each["AttributeName"] for each in keyed["KeySchema"]}
    return kinds["HASH"], kinds["RANGE"]


@given(DeletionProtection="true", TableKey="aws-managed")
def keeps_the_tables_safe(resources, _):
    for name, resource in resources.items():
        if resource["Type"] == "AWS::DynamoDB::Table":
            table = resource["Properties"]
            assert table["BillingMode"] == "PAY_PER_REQUEST", name
            assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, name
            assert table["DeletionProtectionEnabled"] == "true", name
            assert table["SSESpecification"]["SSEEnabled"] is True, name
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain"), name


def sets_the_variables_that_the_code_reads(resources, code):
    read = set(code["environment"])
    assert SET_BY_LAMBDA | FOR_DEVELOPMENT | LEFT_AT_DEFAULT <= read, "the lists above name what is not read any more"
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        given = set(function["Environment"]["Variables"])
        of_others = {variable for variable, reader in OF_ONE.items() if reader != name}
        wanted = read - SET_BY_LAMBDA - FOR_DEVELOPMENT - LEFT_AT_DEFAULT - of_others
        assert given == wanted, (name, given ^ wanted)


def gives_each_function_its_rights_and_no_more(resources, _):
    """Promise 58."""
    functions = of_type(resources, "AWS::Lambda::Function")
    assert set(functions) == FUNCTIONS == set(TABLE)
    assert len({function["Role"] for function in functions.values()}) == len(functions), "each has a role of its own"
    for function in functions:
        assert granted(resources, function) == wanted(function), granted(resources, function) ^ wanted(function)


def keeps_password_hashes_to_the_logins(resources, code):
    """Promise 75: whoever else reads accounts names attributes, the code's own, and the hash is none of them."""
    assert code["account"] == ACCOUNT and "password_hash" not in ACCOUNT
    for function in FUNCTIONS - {"Auth"}:
        for action, resource, _ in granted(resources, function):
            if resource.startswith("<Users.Arn>") and action in WORDS["R"]:
                assert resource.endswith("/account"), (function, action, resource)


def allows_nothing_by_wildcard(resources, _):
    """But secrets that are named at run time."""
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in (each for policy in role.get("Policies", []) for each in policy["PolicyDocument"]["Statement"]):
            actions, wheres = ([each] if isinstance(each, str) else each for each in (statement["Action"], statement["Resource"]))
            assert not any("*" in action for action in actions), (name, statement)
            assert all("*" not in where or where.endswith((":secret:tidegate/backend/*", ":secret:tidegate/sso/*", ":secret:tidegate/alerts/*")) for where in wheres), (name, statement)


@given(AuthConcurrency="20", ProxyConcurrency="500")
def throttles_and_keeps_logins_apart(resources, _):
    """Promise 58."""
    settings = {(each["HttpMethod"], each["ResourcePath"]): each for each in stage(resources)["MethodSettings"]}
    logins = "/~1api~1v1~1auth~1{proxy+}"
    for of in (("*", "/*"), ("GET", logins), ("POST", logins)):
        assert int(settings[of]["ThrottlingRateLimit"]) > 0 and int(settings[of]["ThrottlingBurstLimit"]) > 0, of
    functions = of_type(resources, "AWS::Lambda::Function")
    for name in ("Auth", "Proxy"):
        assert int(functions[name]["ReservedConcurrentExecutions"]) > 0, name


def gives_password_hashes_a_cpu(resources, _):
    """Promise 2."""
    assert of_type(resources, "AWS::Lambda::Function")["Auth"]["MemorySize"] >= 1024


@given(ApiGatewayLogRole="create")
def logs_no_secrets_at_the_edge(resources, _):
    """Promise 25: neither query strings, headers nor bodies."""
    harmless = {
        "requestId", "identity.sourceIp", "httpMethod", "resourcePath", "status", "responseLatency", "integrationLatency", "responseLength",
        "error.responseType",
    }
    logged = stage(resources)["AccessLogSetting"]["Format"]
    json.loads(re.sub(r":\$context\.\w+", ":0", logged))
    assert set(re.findall(r"\$context\.([\w.]+)", logged)) <= harmless
    for each in stage(resources)["MethodSettings"]:
        assert (each["LoggingLevel"], each["DataTraceEnabled"]) == ("OFF", False)


def stage(resources):
    (only,) = of_type(resources, "AWS::ApiGateway::Stage").values()
    return only


def keeps_logs_for_a_time(resources, _):
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(int(group["RetentionInDays"]) > 0 for group in groups.values())
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"] == f"<{name}Log>" and f"{name}Log" in groups, name


@given(CorsOrigin="https://chat.example.com")
def answers_at_the_edge_like_the_gateway(resources, _):
    """Promise 24, and the common body of errors."""
    answers = resources["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    statuses = {kind: int(answer.get("statusCode", 0)) for kind, answer in answers.items()}
    wanted = {
        "MISSING_AUTHENTICATION_TOKEN": 404, "INVALID_SIGNATURE": 404, "REQUEST_TOO_LARGE": 413, "THROTTLED": 429,
        "INTEGRATION_TIMEOUT": 504,
    }
    assert wanted.items() <= statuses.items() and {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(statuses)
    for kind, answer in answers.items():
        body = json.loads(answer["responseTemplates"]["application/json"])
        assert body.keys() == {"type", "error", "request_id"} and body["error"].keys() == {"type", "message", "param", "code"}, kind
        headers = {name.rpartition(".")[2].lower() for name in answer["responseParameters"]}
        assert {"x-request-id", "x-content-type-options", "cache-control"} <= headers, kind
        assert ("retry-after" in headers) == (statuses[kind] in (429, 503)), kind
        allowed = answer["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"]
        assert allowed == "'https://chat.example.com'", kind
    said = {kind: json.loads(answer["responseTemplates"]["application/json"])["error"]["message"] for kind, answer in answers.items()}
    assert "/v1" in said["INVALID_SIGNATURE"] and "/v1" in said["MISSING_AUTHENTICATION_TOKEN"]
    assert "server" in said["REQUEST_TOO_LARGE"] and "4.5 MB" in said["REQUEST_TOO_LARGE"]
    assert all("failed" in said[kind] for kind in ("API_CONFIGURATION_ERROR", "INTEGRATION_FAILURE"))


def is_regional(resources, _):
    """An edge-optimised API ends a stream after 30 s of silence."""
    api = resources["Api"]["Properties"]
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert len(of_type(resources, "AWS::ApiGateway::Stage")) == 1


def runs_schedules_once_a_minute_without_retries(resources, _):
    schedules = of_type(resources, "AWS::Scheduler::Schedule")
    assert {each["Target"]["Arn"] for each in schedules.values()} == {"<Health.Arn>", "<Janitor.Arn>", "<Notify.Arn>"}
    for name, schedule in schedules.items():
        assert schedule["ScheduleExpression"] == "rate(1 minute)", name
        assert schedule["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}, name
    invocations = of_type(resources, "AWS::Lambda::EventInvokeConfig")
    assert {each["FunctionName"] for each in invocations.values()} == {"<Health>", "<Janitor>", "<Notify>"}
    for name, each in invocations.items():
        assert (each["MaximumRetryAttempts"], each["MaximumEventAgeInSeconds"]) == (0, 60), name


@given(AlarmEmail="ops@example.com")
def watches_every_function(resources, _):
    """Each has an alarm of what dies or runs out of time, which its own lines may not tell."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm").values()
    errors = [alarm for alarm in alarms if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")]
    assert sorted(alarm["Dimensions"][0]["Value"] for alarm in errors) == sorted(f"<{name}>" for name in FUNCTIONS)
    assert all(alarm["AlarmActions"] == ["<Alarms>"] for alarm in alarms)


@given(AlarmEmail="ops@example.com")
def watches_what_is_measured(resources, code):
    """A misspelt metric or code would be an alarm that never rings."""
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    own = [alarm for alarm in alarms.values() if alarm["Namespace"] == "tidegate"]
    for alarm in own:
        assert alarm["MetricName"] in code["metrics"], alarm
        codes = [each["Value"] for each in alarm["Dimensions"] if each["Name"] == "code"]
        assert set(codes) <= set(code["codes"]), alarm
    watched = {each["Value"] for alarm in own for each in alarm["Dimensions"] if each["Name"] == "code"}
    assert watched == set(code["codes"]), "an alarm is missing"
    assert {"settled_by_janitor", "usage_lost"} <= {alarm["MetricName"] for alarm in own}
    board = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"])
    metrics = [each for widget in board["widgets"] for each in widget["properties"]["metrics"]]
    shown = {each[1] for each in metrics if each[0] == "tidegate"}
    shown |= {match[1] for each in metrics if isinstance(each[0], dict) for match in re.finditer(r'MetricName="([^"]+)"', each[0]["expression"])}
    assert shown == set(code["metrics"]), shown ^ set(code["metrics"])


def has_no_options_unasked(resources, _):
    kinds = {each["Type"] for each in resources.values()}
    optional = {
        "AWS::Lambda::Url", "AWS::WAFv2::WebACL", "AWS::ApiGateway::DomainName", "AWS::SNS::Topic", "AWS::ApiGateway::Account",
    }
    assert not kinds & optional


def deploys_in_a_new_account(resources, _):
    """Ten functions at once are all that one has, of which none can be kept; a failed deployment can be taken back."""
    functions = of_type(resources, "AWS::Lambda::Function").values()
    assert not any("ReservedConcurrentExecutions" in function or "VpcConfig" in function for function in functions)
    assert all(table["DeletionProtectionEnabled"] == "false" for table in of_type(resources, "AWS::DynamoDB::Table").values())
    assert "AccessLogSetting" not in stage(resources)
    paid = [alarm for alarm in resources.values() if alarm["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(paid) <= 10, "an account has ten without paying"


@given(SubnetIds="subnet-1,subnet-2", SecurityGroupIds="sg-1")
def reaches_backends_from_a_vpc(resources, _):
    """Only for who calls out, with the rights that this takes, and which nobody else has."""
    calling = {"Auth", "Proxy", "Health", "Notify"}
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {name for name, function in functions.items() if "VpcConfig" in function} == calling
    for name in functions:
        statements = resources[f"{name}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        rights = {action for each in statements if each["Sid"] == "Interfaces" for action in each["Action"]}
        assert ("ec2:CreateNetworkInterface" in rights) == (name in calling), name


CHECKS = [
    deploys_in_a_new_account,
    reaches_backends_from_a_vpc,
    streams_nothing_without_a_body,
    watches_every_function,
    streams_v1_and_the_console_and_buffers_the_rest,
    gives_completions_their_time,
    leads_every_route_to_its_function,
    answers_browsers_first_question,
    has_the_tables_of_the_code,
    keeps_the_tables_safe,
    sets_the_variables_that_the_code_reads,
    gives_each_function_its_rights_and_no_more,
    keeps_password_hashes_to_the_logins,
    allows_nothing_by_wildcard,
    throttles_and_keeps_logins_apart,
    gives_password_hashes_a_cpu,
    logs_no_secrets_at_the_edge,
    keeps_logs_for_a_time,
    answers_at_the_edge_like_the_gateway,
    is_regional,
    runs_schedules_once_a_minute_without_retries,
    watches_what_is_measured,
    has_no_options_unasked,
]
