"""What the image, the compositions and the workflow are described by, since no engine builds them here."""

import json
import pathlib
import re
import subprocess
import sys

import yaml

from image import DOCKERFILE, PROGRAM, USER, WORKSPACE, instruction

TOOLS = pathlib.Path(sys.executable).parent
COMPOSE = yaml.safe_load((WORKSPACE / "compose.yaml").read_text())
# Read besides the options: of the first administrator, and by the SDK of AWS.
OTHER_VARIABLES = re.compile("ADMIN_PASSWORD|AWS_[A-Z_]+")


def options():
    """The variables that the program's options have."""
    told = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"\[env: (\w+)=", told))


def lint(*command):
    linted = subprocess.run([TOOLS / command[0], *command[1:]], cwd=WORKSPACE, capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_linters_find_nothing():
    lint("hadolint", "Dockerfile")
    lint("actionlint", ".github/workflows/release.yml")


def test_the_image_is_what_the_tests_of_the_program_run():
    assert f"FROM scratch\nCOPY --from=build /image/ /\n" in DOCKERFILE
    assert instruction("USER") == f"{USER}:{USER}" and f"--chown={USER}:{USER} /data/ /data/" in DOCKERFILE
    assert instruction("WORKDIR") == instruction("VOLUME") == "/data"
    assert json.loads(instruction("ENTRYPOINT")) == ["/tidegate"]
    assert instruction("HEALTHCHECK").endswith(' CMD ["/tidegate", "health"]')


def test_variables_of_the_image_and_the_compositions_are_the_programs():
    known = options()
    used = {pair.split("=")[0] for pair in instruction("ENV").split()}
    for name in ("tidegate", "server"):
        used |= set(COMPOSE["services"][name]["environment"])
    assert len(used) > 8
    assert {name for name in used - known if not OTHER_VARIABLES.fullmatch(name)} == set()


def test_compositions_run_without_rights_and_reach_this_machine_only():
    for name in ("tidegate", "server"):
        service = COMPOSE["services"][name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
    assert "profiles" not in COMPOSE["services"]["tidegate"]
    assert COMPOSE["services"]["server"]["profiles"] == COMPOSE["services"]["dynamodb"]["profiles"] == ["server"]


def test_a_release_publishes_what_just_dist_makes():
    workflow = yaml.safe_load((WORKSPACE / ".github/workflows/release.yml").read_text())
    # YAML 1.1 reads the key `on` as true.
    assert workflow[True] == {"push": {"tags": ["v*"]}}
    steps = [each.get("run", "") for each in workflow["jobs"]["archives"]["steps"]]
    for step in ("infra/dist/build amd64", "infra/dist/build arm64", "infra/dist/package amd64 arm64 functions"):
        assert step in steps, step
