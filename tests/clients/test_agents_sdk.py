"""The OpenAI Agents SDK of Python, over both APIs that it speaks."""

import asyncio

import agents
import openai
import pydantic
import pytest

from turn import Call, Turn, rain


@agents.function_tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"Rain in {city}"


class Report(pydantic.BaseModel):
    city: str
    dry: bool


@pytest.fixture(params=[agents.OpenAIChatCompletionsModel, agents.OpenAIResponsesModel], ids=["chat", "responses"])
def api(request):
    return request.param


# For tests of what only Responses have.
responses_only = pytest.mark.parametrize("api", [agents.OpenAIResponsesModel], ids=["responses"])


@pytest.fixture
def client(gateway, key):
    return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)


@pytest.fixture
def agent(api, client, model):
    agents.set_tracing_disabled(True)
    settings = agents.ModelSettings(include_usage=True)
    return agents.Agent(
        "Forecaster", instructions="Be brief.", tools=[weather], model=api(model, client), model_settings=settings
    )


def test_an_agent_runs_its_tools(agent, upstream):
    upstream.script = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]
    result = asyncio.run(agents.Runner.run(agent, "How is it in Oslo and Rome?"))
    assert result.final_output == "Rain everywhere."
    last = upstream.requests[-1]
    assert last.system == "Be brief." and last.results == {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
    assert "I ask for Oslo." in last.text
    usage = result.context_wrapper.usage
    assert (usage.requests, usage.input_tokens, usage.output_tokens) == (3, 300, 30)


def test_an_agent_streams(agent, upstream):
    upstream.script = [rain("call_a", "Oslo"), Turn("Rain in Oslo.")]

    async def run():
        result = agents.Runner.run_streamed(agent, "How is it in Oslo?")
        pieces = ""
        async for event in result.stream_events():
            if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
                pieces += event.data.delta
        return pieces, result.final_output

    assert asyncio.run(run()) == ("I ask for Oslo.Rain in Oslo.", "Rain in Oslo.")
    assert upstream.requests[-1].results == {"call_a": "Rain in Oslo"}


def test_an_answer_is_of_a_type(agent, upstream):
    upstream.script = [rain("call_a", "Oslo"), Turn('{"city": "Oslo", "dry": false}')]
    result = asyncio.run(agents.Runner.run(agent.clone(output_type=Report), "How is it in Oslo?"))
    assert result.final_output == Report(city="Oslo", dry=False)
    assert upstream.requests[0].schema["required"] == ["city", "dry"]


def test_an_agent_hands_over(agent, upstream):
    upstream.script = [
        Turn("", [Call("call_a", "transfer_to_forecaster", {})]),
        rain("call_b", "Oslo"),
        Turn("Rain in Oslo."),
    ]
    desk = agents.Agent("Desk", handoffs=[agent], model=agent.model)
    result = asyncio.run(agents.Runner.run(desk, "How is it in Oslo?"))
    assert (result.final_output, result.last_agent.name) == ("Rain in Oslo.", "Forecaster")


def test_a_conversation_goes_on(agent, upstream):
    upstream.script = [rain("call_a", "Oslo"), Turn("Rain in Oslo."), Turn("As I said.")]

    async def run():
        first = await agents.Runner.run(agent, "How is it in Oslo?")
        return await agents.Runner.run(agent, [*first.to_input_list(), {"role": "user", "content": "Sure?"}])

    assert asyncio.run(run()).final_output == "As I said."
    last = upstream.requests[-1]
    assert last.results == {"call_a": "Rain in Oslo"}
    assert [said for said in ("How is it in Oslo?", "Rain in Oslo.", "Sure?") if said not in last.said] == []


@responses_only
def test_a_conversation_goes_on_from_a_response(agent, upstream):
    upstream.script = [rain("call_a", "Oslo"), Turn("Rain in Oslo."), Turn("As I said.")]

    async def run():
        first = await agents.Runner.run(agent, "How is it in Oslo?", auto_previous_response_id=True)
        return await agents.Runner.run(agent, "Sure?", previous_response_id=first.last_response_id)

    assert asyncio.run(run()).final_output == "As I said."
    last = upstream.requests[-1]
    assert last.system == "Be brief." and last.results == {"call_a": "Rain in Oslo"}
    assert [
        said for said in ("How is it in Oslo?", "I ask for Oslo.", "Rain in Oslo.", "Sure?") if said not in last.said
    ] == []
