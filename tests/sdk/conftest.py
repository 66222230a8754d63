"""The real local gateway with a model `m`, and the scripted provider behind it."""

import pytest

from gateway import Gateway
from provider import Provider


@pytest.fixture(scope="session")
def scripted():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def provider(scripted):
    scripted.replies.clear()
    scripted.requests.clear()
    yield scripted
    assert not scripted.replies, "the gateway did not ask for all that was scripted"


@pytest.fixture(scope="session")
def gateway(scripted):
    gateway = Gateway()
    gateway.create_model("m", scripted.base_url)
    yield gateway
    gateway.stop()
