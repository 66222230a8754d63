"""The files of a release: archives with licences, checksums, bills of materials."""

import hashlib
import json
import subprocess
import tarfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from image import ARCHITECTURE, PROGRAM, WORKSPACE

FILES = WORKSPACE / "target/release-files"


def package(*parts):
    """The files that `infra/dist/package` makes, with their sums."""
    subprocess.run([WORKSPACE / "infra/dist/package", *parts], check=True, capture_output=True)
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in FILES.iterdir()}


@pytest.fixture(scope="module")
def release():
    return package(ARCHITECTURE, "functions")


@pytest.fixture(scope="module")
def version():
    lines = (WORKSPACE / "Cargo.toml").read_text().splitlines()
    return next(line.split('"')[1] for line in lines if line.startswith("version = "))


def test_a_release_has_these_files(release, version):
    program = f"tidegate-{version}-linux-{ARCHITECTURE}"
    assert sorted(release) == sorted(
        ["SHA256SUMS", f"{program}.cdx.json", f"{program}.tar.gz", f"tidegate-{version}-aws.tar.gz"]
    )
    sums = dict(line.split()[::-1] for line in (FILES / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: digest for name, digest in release.items() if name != "SHA256SUMS"}


def test_equal_sources_make_equal_files(release):
    assert package(ARCHITECTURE, "functions") == release


def test_an_archive_has_the_program_with_licences(release, version):
    folder = f"tidegate-{version}-linux-{ARCHITECTURE}"
    with tarfile.open(FILES / f"{folder}.tar.gz") as archive:
        members = {each.name: each for each in archive if each.isfile()}
        program = archive.extractfile(f"{folder}/tidegate").read()
        licences = archive.extractfile(f"{folder}/THIRD-PARTY-LICENCES.txt").read().decode()
    names = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "README.zh.md", "THIRD-PARTY-LICENCES.txt", "tidegate"]
    assert sorted(members) == [f"{folder}/{name}" for name in names]
    assert members[f"{folder}/tidegate"].mode == 0o755 and program == PROGRAM.read_bytes()
    assert "\nmimalloc 0." in licences and "Copyright" in licences


def test_the_functions_are_packed_as_their_template_names_them(release, version):
    folder = f"tidegate-{version}-aws"
    with tarfile.open(FILES / f"{folder}.tar.gz") as archive:
        names = set(archive.getnames())
        template = archive.extractfile(f"{folder}/infra/template.yaml").read().decode()
    folders = {line.split("../")[1].strip() for line in template.splitlines() if "CodeUri: ../" in line}
    assert folders == {f"target/lambda/{function.parent.name}" for function in WORKSPACE.glob("functions/*/Cargo.toml")}
    for each in folders:
        assert f"{folder}/{each}/bootstrap" in names, each


def test_the_bill_of_materials_is_valid_and_whole(release, version):
    text = (FILES / f"tidegate-{version}-linux-{ARCHITECTURE}.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    parts = {each["name"]: each for each in bill["components"]}
    assert parts["proxy"]["version"] == version and "lambda_runtime" not in parts
    assert parts["libsqlite3-sys"]["purl"].startswith("pkg:cargo/libsqlite3-sys@")
    assert all("hashes" in each for each in bill["components"] if "purl" in each)
