"""What the tests of the template and of the stack share."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

# SAM wants to know one, though nothing is asked of it.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/sdk"))  # the scripted provider


FUNCTIONS = ["auth", "keys", "admin", "console", "proxy", "health", "janitor", "notify"]
EMULATOR = ROOT / "target/ci/emulator/bin/ministack"


def pytest_addoption(parser):
    parser.addoption("--builds", default="target/lambda", help="target/lambda (what is deployed) or target/debug")
    parser.addoption("--emulator", default=EMULATOR, type=pathlib.Path, help="ministack's program")


@pytest.fixture(scope="session")
def code():
    """What the code says of itself: `tests/examples/definitions.rs`."""
    program = ROOT / "target/debug/examples/definitions"
    assert program.exists(), f"{program} is not there: `cargo build -p e2e --example definitions` makes it"
    return json.loads(subprocess.check_output([program]))


@pytest.fixture(scope="session")
def binaries(request):
    """Each function's program, for x86-64."""
    folder = ROOT / request.config.getoption("--builds")
    binaries = {name: folder / name / "bootstrap" if (folder / name).is_dir() else folder / name for name in FUNCTIONS}
    missing = [str(path) for path in binaries.values() if not path.exists()]
    assert not missing, f"build them first: {missing}"
    return binaries


@pytest.fixture(scope="session")
def emulator(request):
    program = request.config.getoption("--emulator")
    if not program.exists():
        pytest.skip(f"{program} is not there: a virtual environment with tests/infra/emulator.txt has it")
    return program


@pytest.fixture(scope="session")
def bootstrap():
    """The command that makes the first administrator."""
    program = ROOT / "target/debug/examples/bootstrap"
    assert program.exists(), f"{program} is not there: `cargo build -p auth --example bootstrap` makes it"
    return program


@pytest.fixture(scope="session")
def events():
    return ROOT / "events"
