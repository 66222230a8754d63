"""Entra, OpenAI and Anthropic, which know the role by a token of AWS."""

import json
from urllib.parse import parse_qsl

import openai.auth._workload
import pytest
from anthropic.lib.credentials._workload import WorkloadIdentityCredentials

import aws
from conftest import ENTRA
from scripted import CHAT, MESSAGE, by_bearer

ENTRA_AUDIENCE, OPENAI_AUDIENCE, ANTHROPIC_AUDIENCE = "api://AzureADTokenExchange", "https://api.openai.com/v1", "https://api.anthropic.com"
TOKEN = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}


def test_entra_knows_the_role_by_its_token(ask, vendors):
    def entra(request):
        asked = dict(parse_qsl(request.body.decode(), strict_parsing=True))
        aws.judge_web_identity(asked.pop("client_assertion"), ENTRA_AUDIENCE)
        aws.refuse_unless(asked == {
            "grant_type": "client_credentials", "client_id": "app", "scope": "https://ai.azure.com/.default",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }, f"asked with {asked}")
        return TOKEN

    vendors.routes |= {ENTRA: entra, "/azure/": by_bearer("t", CHAT)}
    auth = {"type": "azure_entra", "tenant_id": "contoso", "client_id": "app", "credential": "aws_federation"}
    status, text = ask("/azure/openai/v1", {"auth": auth, "preset": "azure"})
    assert (status, vendors.refusals) == (200, []), text


def test_openai_is_asked_as_by_its_sdk(ask, vendors):
    def exchange(request):
        aws.judge_web_identity(request.json["subject_token"], OPENAI_AUDIENCE)
        return TOKEN

    vendors.routes |= {"/openai/token": exchange, "/openai/v1": by_bearer("t", CHAT)}
    ids = {"identity_provider_id": "idp_1", "service_account_id": "sa_1"}
    status, text = ask("/openai/v1", {"auth": {"type": "openai_federation", **ids}, "preset": "openai"})
    assert (status, vendors.refusals) == (200, []), text
    provider = {"token_type": "jwt", "get_token": lambda: aws.web_identity(OPENAI_AUDIENCE)}
    sdk = openai.auth._workload.WorkloadIdentityAuth(workload_identity={**ids, "provider": provider}, token_exchange_url=f"{vendors.url}/openai/token")
    assert sdk.get_token() == "t"
    ours, theirs = ({**each.json, "subject_token": None} for each in vendors.of("/openai/token"))
    assert ours == theirs


@pytest.mark.parametrize("more", [{}, {"service_account_id": "svac_1", "workspace_id": "wrkspc_1"}])
def test_anthropic_is_asked_as_by_its_sdk(ask, vendors, more):
    def exchange(request):
        aws.judge_web_identity(request.json["assertion"], ANTHROPIC_AUDIENCE)
        return TOKEN

    def messages(request):
        aws.refuse_unless("oauth-2025-04-20" in request.headers.get("anthropic-beta", ""), "no beta")
        return by_bearer("t", MESSAGE)(request)

    vendors.routes |= {"/anthropic-federation/": exchange, "/anthropic/": messages}
    ids = {"federation_rule_id": "fdrl_1", "organization_id": "org_1", **more}
    entry = {"auth": {"type": "anthropic_federation", **ids}, "preset": "anthropic", "protocol": "anthropic"}
    status, text = ask("/anthropic", entry, "/v1/messages")
    assert (status, vendors.refusals) == (200, []), text
    with WorkloadIdentityCredentials(identity_token_provider=lambda: aws.web_identity(ANTHROPIC_AUDIENCE), **ids) as sdk:
        sdk.bind_base_url(f"{vendors.url}/anthropic-federation")
        assert sdk().token == "t"
    ours, theirs = vendors.of("/anthropic-federation/")
    assert ours.headers["anthropic-beta"] == theirs.headers["anthropic-beta"]
    assert {**ours.json, "assertion": None} == {**theirs.json, "assertion": None}


def test_the_judge_refuses_planted_faults():
    aws.judge_web_identity(aws.web_identity(ENTRA_AUDIENCE), ENTRA_AUDIENCE)
    for wrong in (
        aws.web_identity(OPENAI_AUDIENCE),
        aws.web_identity(ENTRA_AUDIENCE, exp=1),
        aws.web_identity(ENTRA_AUDIENCE, iss="https://evil.example"),
        aws.web_identity(ENTRA_AUDIENCE, sub="arn:aws:iam::123456789012:role/another"),
        aws.web_identity(ENTRA_AUDIENCE)[:-8] + "AAAAAAAA",
    ):
        with pytest.raises(aws.Refused):
            aws.judge_web_identity(wrong, ENTRA_AUDIENCE)
