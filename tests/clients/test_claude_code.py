"""Claude Code as its users run it: `claude -p`, with the variables that the console's Connect page shows."""

import base64
import json

import pytest

from conftest import PIXEL
from turn import Call, Turn


@pytest.fixture
def claude(home, gateway, key):
    """Runs `claude -p` with a model; returns its result."""

    def run(model, *arguments):
        environment = {
            "ANTHROPIC_BASE_URL": gateway.url,
            "ANTHROPIC_AUTH_TOKEN": key,
            "ANTHROPIC_MODEL": model,
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        return json.loads(home.run("claude", "-p", "--output-format", "json", *arguments, **environment))

    return run


def test_a_task_with_tools_and_its_continuation(claude, home, model, upstream):
    home.write("project/note.txt", "the answer is 42\n")
    path = str(home.project / "note.txt")
    upstream.is_aside = lambda request: not request.tools
    upstream.script = [
        Turn("I look.", [Call("call_a", "Read", {"file_path": path})], "Think of it."),
        Turn("", [Call("call_b", "Bash", {"command": "cat note.txt", "description": "Reads"})]),
        Turn("It is 42."),
        Turn("Still 42."),
    ]
    result = claude(model, "--allowedTools", "Read,Bash(cat:*)", "--", "What is the answer?")
    assert (result["result"], result["is_error"], result["num_turns"]) == ("It is 42.", False, 3)
    assert result["usage"]["input_tokens"] == 180 and result["usage"]["cache_read_input_tokens"] == 120
    again = claude(model, "--continue", "--", "And now?")
    assert again["result"] == "Still 42."
    last = upstream.requests[-1]
    assert "the answer is 42" in last.results["call_a"] and "the answer is 42" in last.results["call_b"]
    assert [said for said in ("What is the answer?", "It is 42.", "And now?") if said not in last.text] == []
    assert last.reasoning == ["Think of it."]


def test_a_broken_stream_is_asked_for_again(claude, model, upstream):
    upstream.is_aside = lambda request: not request.tools
    upstream.script = [Turn("It is forty", cut=True), Turn("It is 42.")]
    assert claude(model, "What is the answer?")["result"] == "It is 42."


def test_a_picture_is_read(claude, home, model, upstream):
    picture = home.write("project/dot.png", base64.b64decode(PIXEL))
    upstream.script = [Turn("", [Call("call_a", "Read", {"file_path": str(picture)})]), Turn("A dot.")]
    assert claude(model, "What is it?")["result"] == "A dot."
    assert upstream.requests[-1].images == [PIXEL]


def test_the_result_follows_a_schema(claude, model, upstream):
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "integer"}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    # The client offers a tool for it, and ends when it is called.
    upstream.script = [lambda request: Turn("", [Call("call_a", request.tool("StructuredOutput"), {"answer": 42})])]
    assert claude(model, "--json-schema", json.dumps(schema), "--", "What is the answer?")["structured_output"] == {
        "answer": 42
    }
