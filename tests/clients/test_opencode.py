"""opencode as its users run it: `opencode run`, over each of the three provider packages that speak to a gateway."""

import base64
import json

import pytest

from conftest import PIXEL
from turn import Call, Turn


@pytest.fixture
def opencode(home, gateway, key):
    """Runs `opencode run` over a provider package with a model; returns its events."""

    def run(package, model, *arguments):
        kinds = {"reasoning": True, "attachment": True, "modalities": {"input": ["text", "image"], "output": ["text"]}}
        models = {model: {"name": model, "limit": {"context": 100_000, "output": 10_000}, **kinds}}
        options = {"baseURL": f"{gateway.url}/v1", "apiKey": key}
        provider = {"npm": package, "name": "tidegate", "options": options, "models": models}
        home.write(
            "project/opencode.json", {"$schema": "https://opencode.ai/config.json", "provider": {"tidegate": provider}}
        )
        printed = home.run(
            "opencode",
            "run",
            "--pure",
            "--format",
            "json",
            "-m",
            f"tidegate/{model}",
            *arguments,
            OPENCODE_DISABLE_MODELS_FETCH="1",
        )
        return [json.loads(line) for line in printed.splitlines()]

    return run


def texts(events):
    return [event["part"]["text"] for event in events if event["type"] == "text"]


@pytest.fixture(
    params=["@ai-sdk/openai-compatible", "@ai-sdk/openai", "@ai-sdk/anthropic"], ids=["chat", "responses", "messages"]
)
def package(request):
    return request.param


def test_a_task_with_tools_and_its_continuation(opencode, home, upstream, package, model):
    home.write("project/note.txt", "the answer is 42\n")
    # The title of the conversation is asked for without tools.
    upstream.is_aside = lambda request: not request.tools
    cat = lambda request: Turn(
        "I look.", [Call("call_a", request.tool("bash"), {"command": "cat note.txt", "description": "Reads"})], "Think."
    )
    read = Turn("", [Call("call_b", "read", {"filePath": str(home.project / "note.txt")})])
    upstream.script = [cat, read, Turn("It is 42."), Turn("Still 42.")]
    events = opencode(package, model, "What is the answer?")
    assert texts(events) == ["I look.", "It is 42."]
    assert [event["part"]["state"]["status"] for event in events if event["type"] == "tool_use"] == [
        "completed",
        "completed",
    ]
    assert texts(opencode(package, model, "--continue", "And now?")) == ["Still 42."]
    last = upstream.requests[-1]
    assert "the answer is 42" in last.results["call_a"] and "the answer is 42" in last.results["call_b"]
    assert [said for said in ("What is the answer?", "It is 42.", "And now?") if said not in last.text] == []


@pytest.mark.parametrize("model", ["chat-model"])
def test_a_picture_is_seen(opencode, home, upstream, package, model):
    picture = home.write("project/dot.png", base64.b64decode(PIXEL))
    upstream.is_aside = lambda request: not request.tools
    upstream.script = [Turn("A dot.")]
    assert texts(opencode(package, model, "What is it?", "-f", str(picture))) == ["A dot."]
    assert upstream.requests[0].images == [PIXEL]
