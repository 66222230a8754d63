"""Keyless CI: the official Anthropic SDK exchanges an identity token by itself, from its environment variables."""

import anthropic
import pytest

from identity import Issuer
from provider import completion

ASK = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
SUBJECT = "repo:acme/app:ref:refs/heads/main"


@pytest.fixture(scope="module")
def issuer(gateway, tmp_path_factory):
    """A CI service whose jobs of one branch come in by the rule `ci`."""
    issuer = Issuer(tmp_path_factory.mktemp("issuer"))
    account = gateway.ask("/api/v1/admin/users", {"kind": "service", "name": "CI"})
    rule = {"id": "ci", "issuer": issuer.url, "jwks": issuer.jwks, "claims": {"sub": SUBJECT}, "user": account["id"]}
    gateway.ask("/api/v1/admin/workloads", rule)
    return issuer


@pytest.fixture
def job(gateway, tmp_path, monkeypatch):
    """A job with an identity token in a file, and no key anywhere."""
    for name in ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]:
        monkeypatch.delenv(name, raising=False)
    token = tmp_path / "token"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_BASE_URL", gateway.url)
    monkeypatch.setenv("ANTHROPIC_FEDERATION_RULE_ID", "ci")
    monkeypatch.setenv("ANTHROPIC_ORGANIZATION_ID", "00000000-0000-0000-0000-000000000000")
    monkeypatch.setenv("ANTHROPIC_IDENTITY_TOKEN_FILE", str(token))
    return token


def test_p106_a_job_without_a_key_gets_an_answer(gateway, issuer, job, provider):
    job.write_text(issuer.token(sub=SUBJECT, aud=gateway.url))
    provider.replies = [completion("Hello there"), completion("And again")]
    client = anthropic.Anthropic(max_retries=0)
    assert client.messages.create(**ASK).content[0].text == "Hello there"
    assert client.messages.create(**ASK).content[0].text == "And again"
    sign_ins = gateway.ask("/api/v1/admin/sign-ins")
    assert [(each["how"], each["rule"], each["subject"]) for each in sign_ins] == [("workload", "ci", SUBJECT)]


@pytest.mark.parametrize("claims", [{"sub": "repo:evil/app:ref:refs/heads/main"}, {"aud": "https://api.anthropic.com"}])
def test_p106_another_job_is_told_that_its_grant_is_none(gateway, issuer, job, claims):
    job.write_text(issuer.token(**{"sub": SUBJECT, "aud": gateway.url, **claims}))
    with pytest.raises(anthropic.AnthropicError) as refused:
        anthropic.Anthropic(max_retries=0).messages.create(**ASK)
    assert (refused.value.status_code, refused.value.body["error"]) == (400, "invalid_grant")
