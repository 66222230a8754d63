"""The official SDKs of Node: `openai` and `@anthropic-ai/sdk`, in programs of `programs/`."""

import pytest

from conftest import PIXEL
from turn import Refusal, Turn, rain


@pytest.fixture
def openai_sdk(home, gateway, key, model):
    return lambda scene: home.run_program(
        "openai_sdk.mjs", SCENE=scene, MODEL=model, OPENAI_BASE_URL=f"{gateway.url}/v1", OPENAI_API_KEY=key
    )


@pytest.fixture
def anthropic_sdk(home, gateway, key, model):
    return lambda scene: home.run_program(
        "anthropic_sdk.mjs", SCENE=scene, MODEL=model, ANTHROPIC_BASE_URL=gateway.url, ANTHROPIC_API_KEY=key
    )


LOOP = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]
RESULTS = {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
REFUSALS = [Refusal(429, "slow down"), Refusal(500, "boom"), Refusal(401, "bad key")]


def test_openai_answers_streams_and_parses(openai_sdk, model, upstream):
    upstream.script = [Turn("Hello there"), Turn("Hello there", reasoning="Hm."), Turn('{"name": "Ada"}')]
    seen = openai_sdk("chat")
    assert seen["models"] == ["chat-model", "claude-model", "gpt-model"] and seen["model"] == model
    assert seen["whole"] == "Hello there" and seen["usage"]["total_tokens"] == 110
    assert "".join(seen["pieces"]) == "Hello there" and len(seen["pieces"]) > 1
    assert seen["parsed"] == {"name": "Ada"}
    assert upstream.requests[2].schema["required"] == ["name"]


def test_openai_runs_tools(openai_sdk, upstream):
    upstream.script = [*LOOP, *LOOP]
    assert openai_sdk("tools") == {"whole": "Rain everywhere.", "streamed": "Rain everywhere."}
    assert upstream.requests[2].results == upstream.requests[5].results == RESULTS


def test_openai_answers_responses(openai_sdk, upstream):
    upstream.script = [Turn("Hello there", reasoning="Hm."), *LOOP]
    seen = openai_sdk("responses")
    assert seen["whole"] == {"status": "completed", "text": "Hello there", "types": ["reasoning", "message"]}
    assert seen["streamed"] == {"deltas": "Rain everywhere.", "text": "Rain everywhere.", "turns": 3}
    assert upstream.requests[3].results == RESULTS


def test_openai_sends_pictures_to_chat_and_responses(openai_sdk, upstream):
    upstream.script = [Turn("A dot."), Turn("A dot.")]
    assert openai_sdk("pictures") == {"chat": "A dot.", "responses": "A dot."}
    assert [request.images for request in upstream.requests] == [[PIXEL], [PIXEL]]


@pytest.mark.parametrize("model", ["chat-model"])
def test_openai_embeds(openai_sdk):
    assert openai_sdk("embeddings") == [[0.5, -0.25, 1.0]] * 2


def test_openai_raises_errors(openai_sdk, upstream):
    upstream.script = list(REFUSALS)
    assert openai_sdk("errors") == {
        "key": ["AuthenticationError", 401],
        "model": ["NotFoundError", 404],
        "value": ["BadRequestError", 400],
        "limit": ["RateLimitError", 429],
        "failure": ["InternalServerError", 502],
        # Our key is bad, not the client's.
        "our_key": ["InternalServerError", 502],
    }


def test_anthropic_answers_and_streams(anthropic_sdk, model, upstream):
    upstream.script = [Turn("Hello there"), Turn("Hello there", reasoning="Hm.")]
    seen = anthropic_sdk("messages")
    assert seen["models"] == ["chat-model", "claude-model", "gpt-model"] and seen["model"] == model
    assert seen["whole"] == "Hello there"
    assert (
        seen["usage"]["input_tokens"],
        seen["usage"]["cache_read_input_tokens"],
        seen["usage"]["output_tokens"],
    ) == (60, 40, 10)
    assert "".join(seen["pieces"]) == "Hello there" and len(seen["pieces"]) > 1
    assert seen["thinking"] == "Hm." and seen["counted"] > 0


def test_anthropic_runs_tools(anthropic_sdk, upstream):
    upstream.script = [*LOOP, *LOOP]
    assert anthropic_sdk("tools") == {"whole": "Rain everywhere.", "streamed": "Rain everywhere."}
    assert upstream.requests[2].results == upstream.requests[5].results == RESULTS


def test_anthropic_raises_errors(anthropic_sdk, upstream):
    upstream.script = list(REFUSALS)
    assert anthropic_sdk("errors") == {
        "key": ["AuthenticationError", 401, "authentication_error"],
        "model": ["NotFoundError", 404, "not_found_error"],
        "value": ["BadRequestError", 400, "invalid_request_error"],
        "limit": ["RateLimitError", 429, "rate_limit_error"],
        "failure": ["InternalServerError", 502, "api_error"],
        "our_key": ["InternalServerError", 502, "api_error"],
    }
