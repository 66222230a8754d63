"""A user's machine: an empty home, a project folder, the installed clients, and no way out but to loopback."""

import json
import os
import pathlib
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).parent
# `.ci/run` installs the clients here.
INSTALLED = pathlib.Path(os.environ.get("CLIENTS") or HERE.parents[1] / "target/ci/clients")


class ClosedProxy:
    """The proxy of all programs, which refuses every host."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def refuse(self):
                self.send_error(403, "this machine is closed")

            do_CONNECT = do_GET = do_POST = do_HEAD = refuse

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environment(self):
        """The variables that send every program to this proxy, but for the own machine."""
        ways = {name: self.url for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
        return {**ways, **{name: "127.0.0.1,localhost" for name in ("no_proxy", "NO_PROXY")}}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Home:
    """One user's home below `root`, with the folder `project` as the working directory."""

    def __init__(self, root, proxy):
        self.path = root / "home"
        self.project = self.path / "project"
        self.project.mkdir(parents=True)
        (self.project / "node_modules").symlink_to(INSTALLED / "node_modules")
        (self.path / "tmp").mkdir()
        self.environment = {
            "HOME": str(self.path),
            "TMPDIR": str(self.path / "tmp"),
            "PATH": f"{INSTALLED}/node_modules/.bin:{INSTALLED}/venv/bin:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            **proxy.environment,
        }

    def write(self, name, content):
        """A file of the home, given as text, as bytes or as an object for JSON."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def run(self, *command, timeout=60, **environment):
        """What the program prints. It has to end well, and in time."""
        finished = subprocess.run(
            [str(word) for word in command],
            cwd=self.project,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert finished.returncode == 0, (
            f"{command[0]} ended with {finished.returncode}\n{finished.stdout}\n{finished.stderr}"
        )
        return finished.stdout

    def run_program(self, name, **environment):
        """The JSON that a program of `programs/` prints."""
        source = HERE / "programs" / name
        interpreter = "node" if source.suffix == ".mjs" else "python"
        program = self.write(f"project/{name}", source.read_text())
        return json.loads(self.run(interpreter, program, **environment))
