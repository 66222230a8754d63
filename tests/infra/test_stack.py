"""The stack in an emulated cloud: every event of the story through its API and the real function binaries.

Emulated API gateways do not stream, so what is streamed is invoked; `tests/e2e/lambda.rs` shows it on the wire.
"""

import json
import re
import subprocess
import urllib.parse
from datetime import UTC, datetime, timedelta

import pytest

import template
from cloud import Emulator, Stack, peak_memory, streamed
from identity_provider import IdentityProvider
from provider import Provider, chunk, completion, usage
from rights import allows, granted

ADMIN = {"EMAIL": "admin@example.com", "PASSWORD": "correct horse battery staple"}


@pytest.fixture(scope="module")
def provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def identity_provider():
    provider = IdentityProvider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def stack(emulator, binaries, bootstrap, tmp_path_factory):
    emulator = Emulator(emulator, tmp_path_factory.mktemp("cloud"))
    try:
        stack = Stack(emulator, binaries)
        make_first_admin(bootstrap, emulator)
        yield stack
        stack.stop()
    finally:
        emulator.stop()


def make_first_admin(bootstrap, emulator):
    """As `infra/README.md` says it."""
    environment = {
        "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TABLE_PREFIX": "tidegate-",
        "SECRET_PREFIX": "tidegate/", "ADMIN_EMAIL": ADMIN["EMAIL"], "ADMIN_PASSWORD": ADMIN["PASSWORD"],
        "AWS_ENDPOINT_URL_DYNAMODB": emulator.url, "AWS_ENDPOINT_URL_SECRETS_MANAGER": emulator.url,
    }
    subprocess.run([bootstrap], env=environment, check=True)


class Teller:
    """Tells the story: its events, filled with what earlier answers said."""

    def __init__(self, stack, events, learned, values):
        self.stack, self.events, self.learned = stack, events, learned
        self.values = ADMIN | values

    def event(self, name):
        text = (self.events / f"{name}.json").read_text()
        for placeholder, value in self.values.items():
            text = text.replace("{{" + placeholder + "}}", value)
        assert "{{" not in text, f"{name} needs a value that is not there: {text}"
        return json.loads(text)

    def tell(self, name):
        function = name.split("/")[0]
        event = self.event(name)
        status, body = streamed(self.stack.invoke(function, event)) if function in ("proxy", "console") else self.stack.request(event)
        for _, field, placeholder in (each for each in self.learned if each[0] == name):
            self.values[placeholder] = json.loads(body)["data"][field]
        return status, body


@pytest.fixture(scope="module")
def teller(stack, provider, identity_provider, code, events):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    values = {"PROVIDER": provider.base_url, "ISSUER": identity_provider.issuer, "TOMORROW": tomorrow}
    return Teller(stack, events, code["learned"], values)


@pytest.fixture(scope="module")
def told(teller, stack, provider, code):
    """What each event of the story got."""
    stream = [chunk("Hel"), chunk("lo", finish_reason="stop"), usage()]
    provider.replies += 3 * [completion("Hello"), stream]  # for Chat Completions, Messages and Responses
    provider.replies += [completion("Hello")]  # for a compaction
    provider.replies += [{"object": "list", "data": [], "model": "p", "usage": {"prompt_tokens": 1, "total_tokens": 1}}]
    text = {"index": 0, "text": "Hi", "finish_reason": "stop"}
    provider.replies += 2 * [{"object": "text_completion", "model": "p", "choices": [text]}]
    provider.replies += 3 * [{"model": "p", "results": [{"index": 0, "relevance_score": 0.5}]}]
    provider.replies += [completion("Hello")]  # for the trial of a backend's entry
    answers = {}
    for name, _ in code["story"]:
        if name == "admin/delete_backend":
            # While there is one to check.
            for schedule in ("health", "janitor", "notify"):
                assert stack.invoke(schedule, teller.event(f"{schedule}/scheduled")) == b"null"
        answers[name] = teller.tell(name)
    return answers


def test_every_resource_is_there(stack):
    assert {each["ResourceStatus"] for each in stack.resources.values()} == {"CREATE_COMPLETE"}


def test_every_event_gets_its_answer(told, code):
    for name, status in code["story"]:
        assert told[name][0] == status, (name, told[name])


@pytest.mark.parametrize(("method", "path", "expected"), [("HEAD", "/", 200), ("HEAD", "/health", 200), ("OPTIONS", "/v1/chat/completions", 404)])
def test_what_has_no_body_does_not_come_from_a_stream(method, path, expected, stack):
    """HEAD is the API's own; of OPTIONS a buffered function's edge says what origins may do, which is nothing here."""
    asking = {"origin": "https://chat.example.com", "access-control-request-method": "POST"}
    status, headers, body = stack.send({"path": path, "httpMethod": method, "headers": asking, "queryStringParameters": None, "body": None})
    assert (status, "access-control-allow-origin" in headers) == (expected, False)
    assert method == "HEAD" or (headers["x-request-id"] and json.loads(body)["error"])


def test_functions_have_room_for_more_than_they_have_taken(told, binaries):
    """What docs/cost.md says of memory; `-s` shows it."""
    functions = {name.lower(): each["Properties"] for name, each in template.deployed(template.read()).items() if each["Type"] == "AWS::Lambda::Function"}
    taken = {name: peak_memory(binary) for name, binary in binaries.items()}
    print({name: f"{peak:.1f} MiB" for name, peak in taken.items()})
    for name, peak in taken.items():
        assert 0 < 2 * peak <= int(functions[name]["MemorySize"]), name


def test_p22_backend_secrets_go_through_secrets_manager(told, stack, provider, events):
    used = {(function, action) for function, action, name, _ in stack.recorder.calls if name.startswith("tidegate/backend/")}
    assert {("admin", f"secretsmanager:{action}") for action in ("CreateSecret", "PutSecretValue", "DeleteSecret")} <= used
    assert {("proxy", "secretsmanager:GetSecretValue"), ("health", "secretsmanager:GetSecretValue")} <= used
    assert ("admin", "secretsmanager:GetSecretValue") not in used
    created = json.loads((events / "admin/create_backend.json").read_text())
    assert set(provider.authorizations) == {f"Bearer {json.loads(created['body'])['api_key']}"}


def test_p9_a_login_by_single_sign_on_begins_and_comes_back_once(told, teller, stack, identity_provider):
    status, headers, _ = stack.send(teller.event("auth/sso_login"))
    assert (status, headers["location"].split("?")[0]) == (302, f"{identity_provider.issuer}/authorize")
    back = teller.event("auth/sso_callback")
    back["headers"]["Cookie"] = headers["set-cookie"].split(";")[0]
    back["queryStringParameters"]["state"] = urllib.parse.parse_qs(headers["location"])["state"][0]
    before = len(identity_provider.authorizations)
    for redemptions in (1, 1):
        status, body = stack.request(back)
        assert (status, json.loads(body)["error"]["code"]) == (400, "sso_failed")
        assert len(identity_provider.authorizations) == before + redemptions
    # What this function may do, and no other, is judged below with the rest.
    used = {(action, name) for function, action, name, _ in stack.recorder.calls if function == "auth"}
    assert {(f"dynamodb:{action}Item", "tidegate-settings/sso#*") for action in ("Put", "Delete")} <= used
    assert any(action == "secretsmanager:GetSecretValue" and name.startswith("tidegate/sso/") for action, name in used)


def test_p58_every_call_is_within_the_rights_of_its_function(told, stack):
    """The emulator does not judge rights; so what the functions asked for is held against their roles."""
    resources = template.deployed(template.read())
    refused = []
    for function, action, name, in_transaction in sorted(stack.recorder.calls):
        if not allows(granted(resources, function.capitalize()), action, arn(resources, name), in_transaction):
            refused.append((function, action, name, "in a transaction" if in_transaction else "alone"))
    assert not refused


def arn(resources, name):
    """How the roles write what is called `name`: a table or an index of it, a secret, a function."""
    name, part = re.fullmatch(r"(.*?)(/sso#\*|/alert#\*|/account|/owner|/keys|)", name).groups()
    name, _, index = name.partition("/index/")
    for secrets in ("tidegate/backend/", "tidegate/sso/", "tidegate/alerts/"):
        if name.startswith(secrets):
            return f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{secrets}*"
    if name == "tidegate/jwt":
        return "<SigningKey>"
    if name == "tidegate/sealing-keys":
        return "<SealingKeys>"
    named = (logical for logical, each in resources.items() if name in (each["Properties"].get(kind) for kind in ("TableName", "FunctionName")))
    return f"<{next(named)}.Arn>" + (f"/index/{index}" if index else "") + part
