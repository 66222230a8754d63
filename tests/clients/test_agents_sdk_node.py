"""The OpenAI Agents SDK of Node, over both APIs that it speaks."""

import pytest

from turn import Turn, rain

LOOP = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_agent_runs_its_tools(home, gateway, key, model, upstream, api):
    upstream.script = [*LOOP, *LOOP]
    environment = {"API": api, "MODEL": model, "OPENAI_BASE_URL": f"{gateway.url}/v1", "OPENAI_API_KEY": key}
    said = "I ask for Oslo.I ask for Rome.Rain everywhere."
    assert home.run_program("agents_sdk.mjs", **environment) == {
        "whole": "Rain everywhere.",
        "streamed": "Rain everywhere.",
        "pieces": said,
    }
    for last in (upstream.requests[2], upstream.requests[5]):
        assert last.system == "Be brief." and last.results == {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
