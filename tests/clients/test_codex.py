"""Codex as its users run it: `codex exec`, in each of the ways in which it is configured for a gateway.

`listed` is the configuration of docs/api.md: with the list of models Codex knows the model, has the gateway's prompt
for agents instead of its own, and offers the custom tool `apply_patch`. `unlisted` is without the list. `builtin` is
Codex' own provider at another address: it tries a WebSocket first, and asks the server to shrink a long history.
"""

import base64
import json

import pytest

from conftest import PIXEL
from turn import Call, Turn

COMMON = """
approval_policy = "never"
sandbox_mode = "danger-full-access"
"""
PROVIDER = """
model_provider = "gateway"

[model_providers.gateway]
name = "gateway"
base_url = "{url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
"""
WINDOW = "model_context_window = 131072\n"
CONFIGURATIONS = {
    "listed": COMMON + PROVIDER + 'model_catalog_url = "{url}/v1/models"\n',
    "unlisted": COMMON + WINDOW + PROVIDER,
    "builtin": COMMON + WINDOW + 'openai_base_url = "{url}/v1"\n',
}


@pytest.fixture
def configuration():
    return "listed"


# For tests that run with each configuration.
each_configuration = pytest.mark.parametrize("configuration", CONFIGURATIONS)


@pytest.fixture
def codex(configuration, home, gateway, key):
    """Runs `codex exec` with a model; returns its events."""
    home.write(".codex/config.toml", CONFIGURATIONS[configuration].format(url=gateway.url))
    # What `codex login --with-api-key` writes.
    home.write(".codex/auth.json", {"auth_mode": "apikey", "OPENAI_API_KEY": key})

    def run(model, *arguments):
        command = ["codex", "exec", "--json", "--skip-git-repo-check", "-m", model]
        printed = home.run(*command, *arguments, GATEWAY_KEY=key)
        return [json.loads(line) for line in printed.splitlines()]

    return run


def items(events, kind):
    return [event["item"] for event in events if event["type"] == "item.completed" and event["item"]["type"] == kind]


def usage(events):
    return events[-1]["usage"]


def shell_call(id, command):
    """A call of the tool that runs `command`."""
    return Call(id, "exec_command", {"cmd": command})


def shell(id, command):
    """A turn that runs `command`."""
    return Turn(f"I run {id}.", [shell_call(id, command)], f"Think of {id}.")


@each_configuration
def test_a_task_of_several_turns(codex, home, model, upstream):
    home.write("project/note.txt", "the answer is 42\n")
    two = Turn("", [shell_call("call_b", "wc -w < note.txt"), shell_call("call_c", "ls")])
    upstream.script = [shell("call_a", "cat note.txt"), two, Turn("It is 42.")]
    events = codex(model, "What is the answer?")
    assert [item["text"] for item in items(events, "agent_message")] == ["I run call_a.", "It is 42."]
    assert [item["exit_code"] for item in items(events, "command_execution")] == [0, 0, 0]
    assert usage(events)["input_tokens"] == 300 and usage(events)["cached_input_tokens"] == 120
    last = upstream.requests[-1]
    assert "What is the answer?" in last.text and "I run call_a." in last.text
    assert "the answer is 42" in last.results["call_a"]
    assert "4" in last.results["call_b"] and "note.txt" in last.results["call_c"]


def test_reasoning_comes_back(codex, model, upstream):
    upstream.script = [shell("call_a", "true"), shell("call_b", "true"), Turn("Done.")]
    codex(model, "Do it.")
    assert upstream.requests[-1].reasoning == ["Think of call_a.", "Think of call_b."]


def test_a_session_is_resumed_by_another_process(codex, model, upstream):
    upstream.script = [shell("call_a", "echo one"), Turn("One."), shell("call_b", "echo two"), Turn("Two.")]
    codex(model, "Say one.")
    events = codex(model, "resume", "--last", "Say two.")
    assert [item["text"] for item in items(events, "agent_message")] == ["I run call_b.", "Two."]
    last = upstream.requests[-1]
    assert [said for said in ("Say one.", "One.", "Say two.") if said not in last.text] == []
    assert "one" in last.results["call_a"] and "two" in last.results["call_b"]


def test_the_last_message_follows_a_schema(codex, home, model, upstream):
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "integer"}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    path = home.write("schema.json", schema)
    upstream.script = [Turn('{"answer": 42}')]
    events = codex(model, "--output-schema", path, "What is the answer?")
    assert json.loads(items(events, "agent_message")[-1]["text"]) == {"answer": 42}
    assert upstream.requests[0].schema == schema


def test_pictures_are_seen_in_the_prompt_and_in_results(codex, home, model, upstream):
    picture = home.write("project/dot.png", base64.b64decode(PIXEL))
    look = lambda request: Turn("", [Call("call_a", request.tool("view_image"), {"path": str(picture)})])
    upstream.script = [look, Turn("A dot.")]
    events = codex(model, "What is it?", "-i", picture)
    assert items(events, "agent_message")[-1]["text"] == "A dot."
    assert [len(request.images) for request in upstream.requests] == [1, 2]


def test_a_tool_of_a_namespace_is_found_by_its_client(codex, model, upstream):
    wait = lambda request: Turn("", [Call("call_a", request.tool("close_agent"), {"target": "nobody"})])
    upstream.script = [wait, Turn("Nobody is there.")]
    codex(model, "Close the agent.")
    assert "unsupported" not in upstream.requests[-1].results["call_a"]


def test_a_custom_tool_gets_its_text(codex, home, model, upstream):
    patch = '*** Begin Patch\n*** Add File: hello.txt\n+Hello "there"\n*** End Patch\n'
    upstream.script = [
        lambda request: Turn("", [Call("call_a", request.tool("apply_patch"), {"input": patch})]),
        Turn("Written."),
    ]
    events = codex(model, "Write a file.")
    assert [item["status"] for item in items(events, "file_change")] == ["completed"]
    assert (home.project / "hello.txt").read_text() == 'Hello "there"\n'
    assert upstream.requests[-1].calls["call_a"].arguments == {"input": patch}


def test_pa5_ml3_the_list_of_models_is_read(codex, model, upstream):
    upstream.script = [Turn("Hello.")]
    assert items(codex(model, "Say hello."), "error") == []
    # The gateway's prompt, and not Codex' own.
    assert upstream.requests[0].system.startswith("You are a coding agent that works in a terminal")


def test_a_broken_stream_is_asked_for_again(codex, model, upstream):
    upstream.script = [Turn("It is forty", cut=True), Turn("It is 42.")]
    events = codex(model, "What is the answer?")
    assert [item["text"] for item in items(events, "agent_message")] == ["It is 42."]


def test_reasoning_is_shown(codex, model, upstream):
    upstream.script = [Turn("42", reasoning="I count.")]
    events = codex(
        model, "-c", 'model_reasoning_summary="detailed"', "-c", 'model_reasoning_effort="high"', "How many?"
    )
    assert [item["text"] for item in items(events, "reasoning")] == ["I count."]
    assert upstream.requests[0].effort == "high"


# Codex' own provider has the server make a compaction; others ask for a summary.
@pytest.mark.parametrize("configuration", ["listed", "unlisted", "builtin"])
def test_a_long_history_is_shrunk(codex, model, upstream):
    summary = Turn("SUMMARY: all was said.")
    upstream.script = [Turn("One.", input_tokens=50_000), summary, Turn("Two.")]
    limit = ["-c", "model_auto_compact_token_limit=40000"]
    codex(model, *limit, "Say one.")
    events = codex(model, "resume", "--last", *limit, "Say two.")
    assert items(events, "agent_message")[-1]["text"] == "Two."
    assert "SUMMARY: all was said." in upstream.requests[-1].text
