"""The crates that a part of a release is built of, as cargo resolves them for it."""

import json
import pathlib
import subprocess
import tomllib

WORKSPACE = pathlib.Path(__file__).resolve().parents[2]
LOCK = tomllib.loads((WORKSPACE / "Cargo.lock").read_text())
CHECKSUMS = {(each["name"], each["version"]): each.get("checksum") for each in LOCK["package"]}
TARGETS = {"amd64": "x86_64-unknown-linux-musl", "arm64": "aarch64-unknown-linux-musl"}
# The default members of the workspace, for the architecture that the template's default is.
FUNCTIONS = ["--target", "aarch64-unknown-linux-gnu"]


class Crate:
    """One version of a crate: its SPDX licence, and the crates that it uses itself."""

    def __init__(self, name, version, licence):
        self.name, self.version = name, version
        self.licence = licence.replace("/", " OR ")
        self.checksum = CHECKSUMS[name, version]
        self.uses = set()

    @property
    def is_ours(self):
        """True for packages of this workspace, which no registry has."""
        return self.checksum is None

    @property
    def reference(self):
        """Its package URL (https://github.com/package-url/purl-spec)."""
        return f"{self.name}-{self.version}" if self.is_ours else f"pkg:cargo/{self.name}@{self.version}"


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked"], cwd=WORKSPACE, check=True, capture_output=True, text=True).stdout


def crates_of(part):
    """All crates whose code is in the part, by reference."""
    selected = FUNCTIONS if part == "functions" else ["--package", "local", "--target", TARGETS[part]]
    edges = ["--edges", "normal,no-proc-macro"]
    tree = cargo("tree", *selected, *edges, "--prefix", "depth", "--format", "\t{p}\t{l}")
    found, above = {}, []
    for line in filter(None, tree.splitlines()):
        # `2<tab>name v1.2.3 (where from)<tab>licence`, with ` (*)` where the crate was told before.
        depth, package, licence = line.removesuffix(" (*)").split("\t")
        name, version = package.split(" ")[:2]
        crate = Crate(name, version.removeprefix("v"), licence)
        crate = found.setdefault(crate.reference, crate)
        above[int(depth):] = [crate]
        if int(depth):
            above[-2].uses.add(crate.reference)
    return found


def folders():
    """The sources of each crate, by name and version."""
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    return {(each["name"], each["version"]): pathlib.Path(each["manifest_path"]).parent for each in packages}
