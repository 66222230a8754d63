"""What the console's Connect page shows, run by its clients as it is copied."""

import pathlib

import pytest

from turn import Turn

CONSOLE = pathlib.Path(__file__).parents[2] / "functions/console/web"
# Cline is a form of an editor.
NOT_RUN = {"cline"}


@pytest.fixture
def snippets(home, gateway, key, model):
    return home.run_program("snippets.mjs", CONSOLE=str(CONSOLE), GATEWAY_URL=gateway.url, MODEL=model, KEY=key)


def run_claude_code(home, text, key):
    return home.run("bash", "-c", f"{text} -p 'Say hello.'", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1")


def run_codex(home, text, key):
    home.write(".codex/config.toml", text)
    return home.run("codex", "exec", "--skip-git-repo-check", "Say hello.", TIDEGATE_KEY=key)


def run_opencode(home, text, key):
    home.write("project/opencode.json", text)
    return home.run("opencode", "run", "--pure", "Say hello.", OPENCODE_DISABLE_MODELS_FETCH="1")


def run_python(home, text, key):
    return home.run("python", home.write("project/hello.py", text))


def run_node(home, text, key):
    return home.run("node", home.write("project/hello.mjs", text))


def run_curl(home, text, key):
    return home.run("bash", "-c", text)


RUNNERS = {
    "claude-code": run_claude_code,
    "codex": run_codex,
    "opencode": run_opencode,
    "openai-python": run_python,
    "openai-node": run_node,
    "anthropic-python": run_python,
    "anthropic-node": run_node,
    "ai-sdk": run_node,
    "curl": run_curl,
}


@pytest.mark.parametrize("model", ["chat-model"])
def test_each_client_is_run(snippets):
    assert snippets.keys() - NOT_RUN == RUNNERS.keys()


@pytest.mark.parametrize("model", ["chat-model"])
@pytest.mark.parametrize("client", RUNNERS)
def test_a_snippet_works_as_it_is_copied(snippets, home, key, client, upstream):
    # opencode asks for a title, without tools, and Claude Code and Codex have tools.
    upstream.is_aside = lambda request: client == "opencode" and not request.tools
    upstream.script = [Turn("Hello there")]
    assert "Hello there" in RUNNERS[client](home, snippets[client], key)
    assert "Say hello." in upstream.requests[0].text
