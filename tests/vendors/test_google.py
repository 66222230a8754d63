"""Google Cloud: by the role at AWS, by a service account's key, and Claude in Vertex's envelope."""

import datetime
import json
from urllib.parse import parse_qsl, quote

import anthropic
import google.auth.aws
import google.oauth2.service_account
import jwt
import pytest
from google.auth import _helpers

import aws
import google_cloud
from scripted import CHAT, MESSAGE, by_bearer

FEDERATED = {"type": "gcp", "credential": "aws_federation", "audience": google_cloud.AUDIENCE}
LOCATION = "/vertex/v1/projects/p/locations/global"


@pytest.fixture
def sdk(vendors):
    """Anthropic's SDK for Vertex, at the same place and with the same token."""
    return anthropic.AnthropicVertex(region="global", project_id="p", access_token="pool-token", base_url=f"{vendors.url}/vertex/v1", max_retries=0)


def versioned(request):
    """The body; the API's version is each client's own, and must be there."""
    body = request.json
    assert body["anthropic_version"] in ("vertex-2023-10-16", anthropic._constants.ANTHROPIC_API_VERSION)
    return {**body, "anthropic_version": None}


def form(request):
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


def test_google_auth_signs_as_the_gateway_does(ask, vendors, monkeypatch):
    vendors.routes["/vertex/"] = by_bearer("pool-token", CHAT)
    status, text = ask("/vertex/openapi", {"auth": FEDERATED, "preset": "vertex"})
    assert (status, vendors.refusals) == (200, []), text
    request, headers = google_cloud.subject_of(form(vendors.of("/google/v1/token")[0])["subject_token"])
    made = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    monkeypatch.setattr(_helpers, "utcnow", lambda: made)
    credentials = google.auth.aws.AwsSecurityCredentials(aws.OWN.access_key, aws.OWN.secret_key, aws.OWN.token)
    target = {"x-goog-cloud-target-resource": google_cloud.AUDIENCE}
    own = google.auth.aws.RequestSigner(aws.REGION).get_request_options(credentials, request["url"], "POST", "", target)
    assert headers == {name.lower(): value for name, value in own["headers"].items()}
    assert (request["url"], request["method"]) == (own["url"], own["method"])


def test_a_service_account_is_impersonated(ask, vendors):
    vendors.routes["/vertex/"] = by_bearer("account-token", CHAT)
    status, text = ask("/vertex/openapi", {"auth": {**FEDERATED, "service_account": google_cloud.ACCOUNT}, "preset": "vertex"})
    assert (status, vendors.refusals) == (200, []), text


def test_a_service_accounts_assertion_is_google_auths_own(ask, vendors):
    vendors.routes["/vertex/"] = by_bearer("key-token", CHAT)
    entry = {"auth": {"type": "gcp", "credential": "service_account_key"}, "preset": "vertex"}
    # Wherever the file says that keys are shown.
    file = {**google_cloud.KEY_FILE, "token_uri": "https://evil.example/token"}
    status, text = ask("/vertex/openapi", {**entry, "api_key": json.dumps(file, indent=2)})
    assert (status, vendors.refusals) == (200, []), text
    assertion = form(vendors.of("/google/key")[0])["assertion"]
    account = google.oauth2.service_account.Credentials.from_service_account_info(google_cloud.KEY_FILE, scopes=[google_cloud.SCOPE])
    theirs = account._make_authorization_grant_assertion()
    read = lambda token: {**jwt.decode(token, options={"verify_signature": False}), "iat": 0, "exp": 0}
    assert read(assertion) == read(theirs)
    assert jwt.get_unverified_header(assertion) == jwt.get_unverified_header(theirs)
    assert all("PRIVATE" not in str(each.body) for each in vendors.requests)


def test_the_judges_refuse_planted_faults(ask, vendors):
    vendors.routes["/vertex/"] = by_bearer("pool-token", CHAT)
    ask("/vertex/openapi", {"auth": FEDERATED, "preset": "vertex"})
    token = form(vendors.of("/google/v1/token")[0])["subject_token"]
    google_cloud.judge_subject(token)
    request, headers = google_cloud.subject_of(token)
    for fault in (
        {"url": "https://evil.example?Action=GetCallerIdentity&Version=2011-06-15"},
        {"url": request["url"].replace("GetCallerIdentity", "GetSessionToken")},
        {"method": "GET"},
        {"headers": {**headers, "x-goog-cloud-target-resource": google_cloud.AUDIENCE + "2"}},
        {"headers": {**headers, "x-amz-date": "20200101T000000Z"}},
        {"headers": {name: value for name, value in headers.items() if name != "x-amz-security-token"}},
    ):
        wrong = {"url": request["url"], "method": "POST", "headers": headers, **fault}
        wrong["headers"] = [{"key": name, "value": value} for name, value in wrong["headers"].items()]
        with pytest.raises(aws.Refused):
            google_cloud.judge_subject(quote(json.dumps(wrong)))
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": google_cloud.ACCOUNT, "scope": google_cloud.SCOPE, "aud": google_cloud.TOKEN_URI, "iat": now, "exp": now + 3600}
    sign = lambda key=google_cloud.ACCOUNT_KEY, **changes: jwt.encode({**claims, **changes}, key, "RS256", {"kid": "key-1"})
    google_cloud.judge_assertion(sign())
    for wrong in (sign(aud="https://evil.example"), sign(scope="x"), sign(exp=now - 1), sign(iss="x"), sign(aws.SIGNING_KEY)):
        with pytest.raises(aws.Refused):
            google_cloud.judge_assertion(wrong)


@pytest.mark.parametrize("stream", [False, True])
def test_claude_in_vertex_is_asked_as_by_anthropics_sdk(sdk, ask, vendors, stream):
    vendors.routes["/vertex/"] = by_bearer("pool-token", MESSAGE)
    entry = {"protocol": "anthropic_vertex", "preset": "vertex_claude", "auth": FEDERATED, "model_name": "claude-x@20261101"}
    members = {"stream": True} if stream else {}
    status, text = ask(LOCATION, entry, "/v1/messages", **members)
    assert (status, vendors.refusals) == (200, []), text
    assert "Hello" in text
    ours = vendors.of("/vertex/")[-1]
    sdk.messages.create(model="claude-x@20261101", max_tokens=5, messages=[{"role": "user", "content": "Hi"}], **members)
    theirs = vendors.of("/vertex/")[-1]
    assert ours is not theirs
    assert (ours.path, versioned(ours)) == (theirs.path, versioned(theirs))


def test_tokens_in_vertex_are_counted_as_by_anthropics_sdk(sdk, ask, vendors):
    vendors.routes["/vertex/"] = by_bearer("pool-token", {"input_tokens": 7})
    entry = {"protocol": "anthropic_vertex", "preset": "vertex_claude", "auth": FEDERATED, "model_name": "claude-x"}
    status, text = ask(LOCATION, entry, "/v1/messages/count_tokens")
    assert (status, json.loads(text)) == (200, {"input_tokens": 7})
    ours = vendors.of("/vertex/")[-1]
    sdk.messages.count_tokens(model="claude-x", messages=[{"role": "user", "content": "Hi"}])
    theirs = vendors.of("/vertex/")[-1]
    assert ours.path == theirs.path
    assert {**versioned(ours), "max_tokens": None} == {**versioned(theirs), "max_tokens": None}
