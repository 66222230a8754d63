"""The real local gateway with a key at AWS, and the vendors that it is shown to."""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "sdk"))  # what is scripted there

import aws
import google_cloud
from gateway import Gateway
from scripted import CHAT, MESSAGE, Vendors

ENTRA = "/contoso/oauth2/v2.0/token"


def environment(vendors, secret=aws.OWN.secret_key):
    """The variables of a gateway whose vendors are all at one address."""
    return {
        "AWS_REGION": aws.REGION, "AWS_ACCESS_KEY_ID": aws.OWN.access_key, "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": aws.OWN.token, "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent",
        "IDENTITY_ORIGINS": vendors.url, "AWS_ENDPOINT_URL_STS": f"{vendors.url}/sts", "AZURE_AUTHORITY_HOST": vendors.url,
        "GOOGLE_STS_ENDPOINT": f"{vendors.url}/google", "GOOGLE_IAM_CREDENTIALS_ENDPOINT": f"{vendors.url}/google",
        "GOOGLE_TOKEN_ENDPOINT": f"{vendors.url}/google/key", "OPENAI_TOKEN_ENDPOINT": f"{vendors.url}/openai/token",
        "ANTHROPIC_TOKEN_ENDPOINT": f"{vendors.url}/anthropic-federation/v1/oauth/token",
    }


@pytest.fixture(scope="session")
def started():
    vendors = Vendors()
    yield vendors
    vendors.stop()


@pytest.fixture
def vendors(started):
    started.requests.clear()
    started.refusals.clear()
    started.routes = {
        "/sts/": lambda request: aws.sts(request.url, request.headers, request.body),
        "/bedrock/anthropic/": signed_by(aws.OWN, MESSAGE),
        "/bedrock/openai/": signed_by(aws.OWN, CHAT),
        "/roles/": signed_by(aws.ROLE, CHAT),
        "/google/": google_cloud.judge,
    }
    yield started


def signed_by(credentials, answer):
    def judge(request):
        aws.judge_signature("POST", request.url, request.headers, request.body, credentials, "bedrock")
        return answer

    return judge


# Each test has its own: what the gateway was given for one identity it does not ask for again.
@pytest.fixture
def gateway(vendors):
    gateway = Gateway(variables=environment(vendors))
    yield gateway
    gateway.stop()


@pytest.fixture
def ask(gateway, vendors):
    """Makes a model with this entry, and asks it."""
    names = map("m{}".format, itertools.count())

    def asked(path, entry, route="/v1/chat/completions", **members):
        name = next(names)
        gateway.create_model(name, vendors.url + path, backend={"api_key": None, **entry})
        body = {"model": name, "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}], **members}
        return google_cloud.post(gateway.url + route, gateway.create_key(), body)

    return asked
