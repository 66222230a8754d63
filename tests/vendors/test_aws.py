"""Bedrock by signatures, by another role's, and by keys that a signature makes."""

import datetime

import botocore.auth
import pytest
from aws_bedrock_token_generator import BedrockTokenGenerator, token_generator

import aws
from conftest import environment
from gateway import Gateway
from google_cloud import post
from scripted import CHAT

SIGNED = {"auth": {"type": "aws_sigv4"}, "preset": "bedrock", "model_name": "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.x"}


@pytest.mark.parametrize(("path", "more", "route"), [
    ("/bedrock/anthropic", {"protocol": "anthropic"}, "/v1/messages"),
    ("/bedrock/anthropic", {"protocol": "anthropic"}, "/v1/chat/completions"),
    ("/bedrock/openai/v1", {}, "/v1/chat/completions"),
    ("/bedrock/openai/v1", {}, "/v1/messages"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_botocore_signs_as_the_gateway_does(ask, vendors, path, more, route, stream):
    members = {"stream": True} if stream and "anthropic" in path else {}
    status, text = ask(path, {**SIGNED, **more}, route, **members)
    assert (status, vendors.refusals) == (200, []), text
    assert "Hello" in text


def test_a_wrong_key_is_refused_and_no_client_learns_why(vendors):
    gateway = Gateway(variables=environment(vendors, secret="another"))
    try:
        gateway.create_model("m", f"{vendors.url}/bedrock/openai/v1", backend={"api_key": None, **SIGNED})
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        status, text = post(f"{gateway.url}/v1/chat/completions", gateway.create_key(), body)
    finally:
        gateway.stop()
    assert status >= 500 and "canary" not in text
    assert set(vendors.refusals) == {"the signature does not match"}


def test_a_role_is_assumed_as_botocore_would_allow_it(ask, vendors):
    auth = {"type": "aws_sigv4", "role_arn": aws.ROLE_ARN, "external_id": aws.EXTERNAL_ID}
    status, text = ask("/roles/openai/v1", {**SIGNED, "auth": auth})
    assert (status, vendors.refusals) == (200, []), text
    wrong = {**auth, "external_id": "another"}
    status, text = ask("/roles/openai/v1", {**SIGNED, "auth": wrong})
    assert status >= 500 and "canary" not in text


def test_a_key_of_bedrock_is_the_one_that_awss_generator_makes(ask, vendors, monkeypatch):
    vendors.routes["/keys/"] = lambda request: CHAT
    status, text = ask("/keys/openai/v1", {**SIGNED, "auth": {"type": "bedrock_token"}})
    assert status == 200, text
    shown = vendors.of("/keys/")[0].headers["authorization"].removeprefix("Bearer ")
    query = aws.query_of(shown)
    made = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: made)
    monkeypatch.setattr(token_generator, "TOKEN_DURATION", 3600)
    own = BedrockTokenGenerator().get_token(aws.OWN, aws.REGION)
    assert query == aws.query_of(own)


def test_the_judge_refuses_planted_faults(ask, vendors):
    ask("/bedrock/openai/v1", SIGNED)
    request = vendors.of("/bedrock/")[0]
    good = {"method": "POST", "url": request.url, "headers": request.headers, "body": request.body, "credentials": aws.OWN, "service": "bedrock"}
    aws.judge_signature(**good)
    headers = request.headers
    signature = headers["authorization"]
    for fault in (
        {"body": request.body + b" "},
        {"method": "PUT"},
        {"url": request.url + "?a=b"},
        {"service": "dynamodb"},
        {"credentials": aws.ROLE},
        {"headers": {**headers, "content-type": "text/plain"}},
        {"headers": {**headers, "x-amz-meta": "not signed"}},
        {"headers": {**headers, "x-amz-date": "20200101T000000Z"}},
        {"headers": {**headers, "authorization": signature[:-1] + ("0" if signature[-1] != "0" else "1")}},
        {"headers": {**headers, "authorization": "Bearer x"}},
    ):
        with pytest.raises(aws.Refused):
            aws.judge_signature(**{**good, **fault})
