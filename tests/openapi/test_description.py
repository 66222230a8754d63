"""schemathesis calls the real local gateway by its own description: no 5xx, no answer that is not described, and no
request refused that is."""

import os
import pathlib
import subprocess
import sys

import pytest

from gateway import Gateway

SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")
HERE = pathlib.Path(__file__).parent

# The check that what the schema allows is taken, in a run of its own: `taken.toml` names where no schema can say it.
TAKEN = "positive_data_acceptance"
# May end the session, or the account, of the administrator that calls: each called alone.
ENDING = ["/api/v1/admin/users/{id}", "/api/v1/user/password", "/api/v1/auth/logout"]


@pytest.fixture
def gateway():
    gateway = Gateway()
    yield gateway
    gateway.stop()


@pytest.fixture
def call(gateway, tmp_path):
    """Runs schemathesis, the same each time. What it keeps of a run goes with the test."""

    def run(credential, *selection, taken=False):
        command = [
            SCHEMATHESIS,
            "--config-file",
            HERE / ("taken.toml" if taken else "described.toml"),
            "run",
            f"{gateway.url}/api/v1/openapi.json",
            "-H",
            f"Authorization: Bearer {credential}",
        ]
        if not taken:
            command += ["--exclude-checks", TAKEN]
        command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "10"]
        command += [
            "--seed",
            "1",
            "--generation-deterministic",
            "--no-shrink",
            "--continue-on-failure",
            "--no-color",
            *selection,
        ]
        hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
        ended = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
            cwd=tmp_path,
            env={**os.environ, **hooks},
        )
        assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2_000:]

    return run


def test_every_answer_of_management_is_described(gateway, call):
    others = [argument for path in ENDING for argument in ("--exclude-path", path)]
    call(gateway.token, "--include-path-regex", "^/api/", *others)
    assert gateway.ask("/api/v1/user/profile")["role"] == "admin", "the session lasted to the end"


def test_every_request_that_is_described_is_taken(gateway, call):
    others = [argument for path in ENDING for argument in ("--exclude-path", path)]
    call(gateway.token, "--include-path-regex", "^/api/", *others, taken=True)


@pytest.mark.parametrize("path", ENDING)
def test_so_are_those_that_may_end_the_session(gateway, call, path):
    call(gateway.token, "--include-path", path)


def test_every_refusal_of_a_program_is_described(gateway, call):
    key = gateway.create_key()
    call(key, "--include-path-regex", "^/(v1|v2|rerank)")
