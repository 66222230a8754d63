"""The real gateway with a model for each dialect of backend, and the machine of a user who calls it."""

import os
import shutil

import pytest

from gateway import Gateway
from home import INSTALLED, ClosedProxy, Home
from upstream import Upstream

# A picture of 1×1, which no client takes for broken.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="session")
def served():
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def upstream(served):
    served.reset()
    yield served
    served.check()


@pytest.fixture(scope="session")
def gateway(served):
    gateway = Gateway()
    gateway.create_model("chat-model", served.base_url)
    gateway.create_model("claude-model", served.base_url, backend={"protocol": "anthropic"})
    gateway.create_model("gpt-model", served.base_url, backend={"protocol": "responses"})
    yield gateway
    gateway.stop()


@pytest.fixture(scope="session")
def key(gateway):
    return gateway.create_key()


@pytest.fixture(params=["chat-model", "claude-model", "gpt-model"])
def model(request):
    """A model of each dialect of backend."""
    return request.param


@pytest.fixture(scope="session", autouse=True)
def proxy():
    """Closes this process too, in which the clients of Python run."""
    proxy = ClosedProxy()
    os.environ.update(proxy.environment)
    yield proxy
    proxy.stop()


@pytest.fixture
def home(tmp_path, proxy):
    if not shutil.which("npm"):
        pytest.skip("there is no Node on this machine")
    assert (INSTALLED / "node_modules").exists(), f"the clients are not in {INSTALLED}: `.ci/run` installs them"
    return Home(tmp_path, proxy)
