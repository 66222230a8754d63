"""The image's second stage, made of the released program without an engine: a root with nothing else in it."""

import os
import pathlib
import platform
import re
import shutil
import subprocess

WORKSPACE = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
PROGRAM = pathlib.Path(os.environ.get("TIDEGATE") or WORKSPACE / f"target/linux-{ARCHITECTURE}/tidegate")
DOCKERFILE = (WORKSPACE / "Dockerfile").read_text()
USER = 65532

# The arguments are the root, the data, the user, and those of the program.
ENTER = """
set -e
mount --bind "$0" "$0"
mount -o remount,bind,ro "$0"
mount --bind "$1" "$0/data"
exec unshare --root "$0" --wd /data --setgid "$2" --setuid "$2" -- /tidegate "${@:3}"
"""


def instruction(name):
    """The last instruction of this name in the Dockerfile."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)[-1]


class Image:
    """A root that cannot be written, and a volume for its data."""

    # As a volume that is empty gets it from the image.
    environment = dict(pair.split("=", 1) for pair in instruction("ENV").split())

    def __init__(self, folder):
        self.root, self.data = folder / "root", folder / "data"
        for made in (self.root, self.root / "data", self.data):
            made.mkdir()
        shutil.copy2(PROGRAM, self.root / "tidegate")
        os.chown(self.data, USER, USER)

    def command(self, *arguments):
        """The command that runs the program in it, for root. The process is the program's in the end."""
        return ["unshare", "--mount", "bash", "-c", ENTER, self.root, self.data, str(USER), *arguments]

    def run(self, *arguments, **environment):
        command = self.command(*arguments)
        return subprocess.run(command, env=self.environment | environment, capture_output=True, text=True, timeout=60)
