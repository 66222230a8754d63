"""The real local gateway, and what an administrator does with it."""

import json
import os
import pathlib
import subprocess
import urllib.request

LOCAL = pathlib.Path(os.environ.get("GATEWAY") or pathlib.Path(__file__).resolve().parents[2] / "target/debug/tidegate")


class Gateway:
    """A running gateway, and what an administrator does with it."""

    def __init__(self, command=None, variables={}):
        assert command or LOCAL.exists(), f"{LOCAL} is not there: `cargo test --workspace` builds it"
        command = command or [LOCAL, "--memory", "--listen", "127.0.0.1:0"]
        administrator = {"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "correct horse battery staple"}
        environment = {**variables, **administrator}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("tidegate listens on ").strip()
        self.token = None
        login = {"email": environment["ADMIN_EMAIL"], "password": environment["ADMIN_PASSWORD"]}
        self.token = self.ask("/api/v1/auth/login", login)["token"]

    def ask(self, path, body=None):
        """The data of an answer that is no error; a GET if there is no body."""
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, sent, {"content-type": "application/json"})
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["data"]

    def create_model(self, name, base_url, model={}, backend={}):
        """A model with one backend; further fields of both as keywords."""
        self.ask("/api/v1/admin/models", {"id": name, "name": name, **model})
        address = {"name": "scripted", "base_url": base_url, "model_name": "p", "api_key": "the-provider's-own-key"}
        self.ask(f"/api/v1/admin/models/{name}/backends", {**address, **backend})

    def create_key(self):
        return self.ask("/api/v1/user/keys", {"name": "sdk"})["key"]

    def stop(self):
        self.process.terminate()
        assert self.process.wait(5) == 0
