"""The released program in the image: alone, as nobody, in a root that cannot be written, with its data in a volume."""

import gzip
import os
import pathlib
import urllib.request

import pytest

from gateway import Gateway
from image import PROGRAM, USER, Image
from provider import Provider

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="another root needs the rights of root")
MIB = 1024 * 1024


@pytest.fixture
def image(tmp_path):
    return Image(tmp_path)


@pytest.fixture
def start(image):
    """Starts a gateway in the image; on a port that is free, since the network is this machine's."""
    running = []

    def start():
        running.append(Gateway(image.command("--listen", "127.0.0.1:0"), image.environment))
        return running[-1]

    yield start
    for gateway in running:
        gateway.process.kill()
        gateway.process.wait()


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.stop()


def get(gateway, path):
    with urllib.request.urlopen(gateway.url + path, timeout=30) as response:
        return response.status, response.read().decode()


def test_p91_it_serves_alone_as_nobody_and_writes_to_its_volume_only(image, start, provider):
    gateway = start()
    for path in ("/health", "/ready"):
        assert get(gateway, path)[0] == 200, path
    status, page = get(gateway, "/console/")
    assert status == 200 and "<html" in page

    gateway.create_model("m", provider.base_url)
    provider.replies.append([{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "p",
                              "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]}])
    body = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Say hello."}]}'
    headers = {"authorization": f"Bearer {gateway.create_key()}", "content-type": "application/json"}
    request = urllib.request.Request(gateway.url + "/v1/chat/completions", body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        streamed = response.read().decode()
    assert "Hello" in streamed and streamed.endswith("data: [DONE]\n\n")

    identity = pathlib.Path(f"/proc/{gateway.process.pid}/status").read_text().split()
    assert identity[identity.index("Uid:") + 1] == str(USER)
    assert sorted(each.name for each in image.root.iterdir()) == ["data", "tidegate"]
    assert {each.stat().st_uid for each in image.data.iterdir()} == {USER}
    gateway.stop()


def test_p91_its_volume_outlives_it(start):
    first = start()
    first.create_model("m", "http://127.0.0.1:9/v1")
    first.stop()
    models = start().ask("/api/v1/admin/models")
    assert [each["id"] for each in models] == ["m"]


def test_p91_its_root_cannot_be_written(image):
    ended = image.run("--listen", "127.0.0.1:0", DATA="/elsewhere")
    assert ended.returncode == 1 and "read-only" in ended.stderr, ended


def test_p91_it_checks_its_own_health(image, start):
    gateway = start()
    listen = gateway.url.removeprefix("http://")
    healthy = image.run("health", LISTEN=listen)
    assert healthy.returncode == 0, healthy
    gateway.stop()
    assert image.run("health", LISTEN=listen).returncode == 1


def test_p91_it_is_small():
    # As registries keep and send an image.
    assert len(gzip.compress(PROGRAM.read_bytes(), 1)) < 40 * MIB
