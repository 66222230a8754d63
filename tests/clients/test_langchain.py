"""langchain over both of its packages: OpenAI (chat and responses) and Anthropic."""

import langchain_anthropic
import langchain_core.messages
import langchain_core.tools
import langchain_openai
import pydantic
import pytest

from conftest import PIXEL
from turn import Call, Turn, rain


@langchain_core.tools.tool
def weather(city: str) -> str:
    """Tells the weather of a city."""
    return f"Rain in {city}"


class Report(pydantic.BaseModel):
    """A report of the weather."""

    city: str
    dry: bool


@pytest.fixture(params=["chat", "responses", "messages"])
def dialect(request):
    return request.param


@pytest.fixture
def chat(dialect, gateway, key, model):
    if dialect == "messages":
        return langchain_anthropic.ChatAnthropic(model=model, base_url=gateway.url, api_key=key, max_retries=0)
    address = {"base_url": f"{gateway.url}/v1", "api_key": key, "max_retries": 0}
    return langchain_openai.ChatOpenAI(
        model=model, use_responses_api=dialect == "responses", stream_usage=True, **address
    )


@pytest.mark.parametrize("streamed", [False, True])
def test_a_conversation_with_tools(chat, upstream, streamed):
    upstream.script = [rain("call_a", "Oslo"), rain("call_b", "Rome"), Turn("Rain everywhere.")]
    with_tools = chat.bind_tools([weather])
    messages = [
        langchain_core.messages.SystemMessage("Be brief."),
        langchain_core.messages.HumanMessage("How is it in Oslo and Rome?"),
    ]

    def turn():
        if not streamed:
            return with_tools.invoke(messages)
        first, *more = with_tools.stream(messages)
        for piece in more:
            first += piece
        return first

    while (answer := turn()).tool_calls:
        messages += [answer, *(weather.invoke(call) for call in answer.tool_calls)]
    assert answer.text == "Rain everywhere."
    assert (answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]) == (100, 10)
    assert answer.usage_metadata["input_token_details"]["cache_read"] == 40
    last = upstream.requests[-1]
    assert last.system == "Be brief." and last.results == {"call_a": "Rain in Oslo", "call_b": "Rain in Rome"}
    assert "I ask for Oslo." in last.text


def test_structured_output(chat, dialect, upstream):
    if dialect == "messages":
        # This package forces a tool.
        upstream.script = [lambda request: Turn("", [Call("call_a", "Report", {"city": "Oslo", "dry": False})])]
    else:
        upstream.script = [Turn('{"city": "Oslo", "dry": false}')]
    assert chat.with_structured_output(Report).invoke("How is it in Oslo?") == Report(city="Oslo", dry=False)


def test_a_picture_is_seen(chat, upstream):
    upstream.script = [Turn("A dot.")]
    picture = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
    message = langchain_core.messages.HumanMessage([{"type": "text", "text": "What is it?"}, picture])
    assert chat.invoke([message]).text == "A dot."
    assert upstream.requests[0].images == [PIXEL]


def test_a_conversation_goes_on_from_a_response(gateway, key, model, upstream):
    upstream.script = [Turn("One."), Turn("Two.")]
    address = {"base_url": f"{gateway.url}/v1", "api_key": key, "max_retries": 0}
    chat = langchain_openai.ChatOpenAI(model=model, use_responses_api=True, use_previous_response_id=True, **address)
    messages = [langchain_core.messages.HumanMessage("Say one.")]
    messages += [chat.invoke(messages), langchain_core.messages.HumanMessage("Say two.")]
    assert chat.invoke(messages).text == "Two."
    assert upstream.requests[-1].said == ["Say one.", "One.", "Say two."]


def test_texts_are_embedded(gateway, key):
    embeddings = langchain_openai.OpenAIEmbeddings(
        model="chat-model", base_url=f"{gateway.url}/v1", api_key=key, check_embedding_ctx_length=False
    )
    assert embeddings.embed_documents(["one", "two"]) == [[0.5, -0.25, 1.0]] * 2
