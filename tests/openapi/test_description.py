"""schemathesis calls the real local gateway by its own description: no 5xx, and no answer that is not described."""

import json
import pathlib
import subprocess
import sys
import urllib.request

import pytest

LOCAL = pathlib.Path(__file__).parents[2] / "target/debug/local"
EMAIL, PASSWORD = "admin@example.com", "correct horse battery staple"
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")

# May end the session, or the account, of the administrator that calls: each called alone.
ENDING = ["/api/v1/admin/users/{id}", "/api/v1/user/password", "/api/v1/auth/logout"]
# No schema can say it: a cursor is good for its list alone, a model must exist, a time must be in the future.
UNCHECKED = "positive_data_acceptance"


class Gateway:
    """A running gateway with an administrator."""

    def __init__(self):
        assert LOCAL.exists(), f"{LOCAL} is not there: `cargo test --workspace` builds it"
        command = [LOCAL, "--memory", "--listen", "127.0.0.1:0"]
        environment = {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": PASSWORD}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("tidegate listens on ").strip()
        self.token = None
        self.token = self.ask("/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})["token"]

    def ask(self, path, body=None):
        """The data of an answer that is no error."""
        request = urllib.request.Request(self.url + path, body and json.dumps(body).encode())
        request.add_header("content-type", "application/json")
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["data"]


@pytest.fixture
def gateway():
    gateway = Gateway()
    yield gateway
    gateway.process.terminate()
    assert gateway.process.wait(5) == 0


def call(gateway, credential, *selection):
    """One run of schemathesis; the same each time."""
    command = [SCHEMATHESIS, "run", f"{gateway.url}/api/v1/openapi.json", "-H", f"Authorization: Bearer {credential}"]
    command += ["--exclude-checks", UNCHECKED, "--phases", "examples,coverage,fuzzing", "--max-examples", "10"]
    command += ["--seed", "1", "--generation-deterministic", "--no-shrink", "--continue-on-failure", "--no-color", *selection]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2_000:]


def test_every_answer_of_management_is_described(gateway):
    others = [argument for path in ENDING for argument in ("--exclude-path", path)]
    call(gateway, gateway.token, "--include-path-regex", "^/api/", *others)
    assert gateway.ask("/api/v1/user/profile")["role"] == "admin", "the session lasted to the end"


@pytest.mark.parametrize("path", ENDING)
def test_so_are_those_that_may_end_the_session(gateway, path):
    call(gateway, gateway.token, "--include-path", path)


def test_every_refusal_of_a_program_is_described(gateway):
    key = gateway.ask("/api/v1/user/keys", {"name": "a program"})["key"]
    call(gateway, key, "--include-path-regex", "^/(v1|v2|rerank)")
