"""The AI SDK over the provider packages that speak to a gateway."""

import pytest

from turn import Call, Turn, rain


@pytest.fixture
def ai(home, gateway, key, model):
    def run(package, scene):
        environment = {"BASE_URL": f"{gateway.url}/v1", "KEY": key, "MODEL": model, "PACKAGE": package, "SCENE": scene}
        return home.run_program("ai_sdk.mjs", AI_SDK_LOG_WARNINGS="false", **environment)

    return run


@pytest.fixture(params=["compatible", "chat", "responses", "anthropic"])
def package(request):
    return request.param


@pytest.mark.parametrize("scene", ["generate", "stream"])
def test_tools_are_run(ai, package, scene, upstream):
    upstream.script = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]
    seen = ai(package, scene)
    assert (seen["text"], seen["steps"]) == ("Rain everywhere.", 3)
    assert (seen["usage"]["inputTokens"], seen["usage"]["outputTokens"]) == (300, 30)
    last = upstream.requests[-1]
    assert last.system == "Be brief." and last.results == {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
    assert "I ask for Oslo." in last.text
    if scene == "stream":
        assert seen["errors"] == [] and len(seen["pieces"]) > 3


def test_an_object_is_generated(ai, package, upstream):
    def answer(request):
        if request.schema:
            return Turn('{"city": "Oslo", "dry": false}')
        return Turn("", [Call("call_a", request.tools[0], {"city": "Oslo", "dry": False})])

    upstream.script = [answer]
    assert ai(package, "object") == {"city": "Oslo", "dry": False}


@pytest.mark.parametrize("model", ["chat-model"])
def test_texts_are_embedded(ai):
    assert ai("chat", "embed") == [[0.5, -0.25, 1.0]] * 2


@pytest.mark.parametrize("scene", ["generate", "stream"])
def test_items_of_earlier_answers_are_referred_to(ai, scene, upstream):
    upstream.script = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]
    assert ai("stored", scene)["text"] == "Rain everywhere."
    last = upstream.requests[-1]
    assert last.results == {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
    assert "I ask for Oslo." in last.text and last.reasoning == ["Think of Oslo.", "Think of Rome."]
