"""The official Anthropic SDK, unchanged but for its address and its key, on a backend that speaks chat."""

import threading

import anthropic
import pydantic
import pytest

from provider import CUT, call, call_piece, chunk, completion, usage

ASK = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {
    "name": "weather",
    "description": "Tells the weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.fixture(scope="session")
def client(gateway):
    # The SDK's own retries would hide what the gateway answers.
    return anthropic.Anthropic(base_url=gateway.url, api_key=gateway.create_key(), max_retries=0)


def test_models_can_be_listed_and_found(client):
    page = client.models.list()
    assert [model.id for model in page] == ["m"]
    assert not page.has_more
    model = client.models.retrieve("m")
    assert (model.type, model.display_name, model.lifecycle) == ("model", "m", "active")


def test_a_message_is_answered(client, provider):
    provider.replies = [completion("Hello there")]
    message = client.messages.create(**ASK, system="Be brief.", stop_sequences=["END"])
    assert message.content[0].text == "Hello there"
    assert (message.model, message.stop_reason, message.stop_sequence) == ("m", "end_turn", None)
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 2)
    assert message._request_id
    system = {"role": "system", "content": "Be brief."}
    expected = {**ASK, "model": "p", "messages": [system, *ASK["messages"]], "stop": ["END"]}
    assert provider.requests == [expected]


def test_both_headers_of_the_key_are_taken(gateway, provider):
    key = gateway.create_key()
    for client in (
        anthropic.Anthropic(base_url=gateway.url, auth_token=key),
        anthropic.Anthropic(base_url=gateway.url, api_key="sk-none", default_headers={"x-api-key": key, "Authorization": anthropic.Omit()}),
    ):
        provider.replies = [completion("Hi")]
        assert client.messages.create(**ASK).content[0].text == "Hi"


def test_a_stream_comes_piece_by_piece(client, provider):
    gate = threading.Event()
    provider.replies = [[chunk("Hel"), gate, chunk("lo"), chunk(finish_reason="stop"), usage()]]
    with client.messages.stream(**ASK) as stream:
        texts = stream.text_stream
        assert next(texts) == "Hel"
        gate.set()
        assert list(texts) == ["lo"]
        message = stream.get_final_message()
    assert (message.content[0].text, message.stop_reason) == ("Hello", "end_turn")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 2)


def test_interleaved_calls_of_a_stream_are_two_blocks(client, provider):
    pieces = [
        call_piece(0, "", "call_a", "weather"),
        call_piece(1, "", "call_b", "weather"),
        call_piece(0, '{"city":'),
        call_piece(1, '{"city":"Rome"'),
        call_piece(0, '"Oslo"}'),
        call_piece(1, "}"),
    ]
    provider.replies = [[chunk("I ask."), *pieces, chunk(finish_reason="tool_calls"), usage()]]
    with client.messages.stream(**ASK, tools=[WEATHER]) as stream:
        text, *calls = stream.get_final_message().content
    assert text.text == "I ask."
    assert [(call.id, call.name, call.input) for call in calls] == [
        ("call_a", "weather", {"city": "Oslo"}),
        ("call_b", "weather", {"city": "Rome"}),
    ]


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_with_thinking_gives_all_back(client, provider, streamed):
    turns = [("functions.weather:0", "Oslo"), ("functions.weather:1", "Rome")]
    provider.replies = [
        [chunk(reasoning_content=f"Now {city}."), call_piece(0, f'{{"city": "{city}"}}', id, "weather"), chunk(finish_reason="tool_calls")]
        if streamed
        else completion(None, "tool_calls", reasoning_content=f"Now {city}.", tool_calls=[call(id, "weather", f'{{"city": "{city}"}}')])
        for id, city in turns
    ]
    provider.replies.append([chunk("Done"), chunk(finish_reason="stop")] if streamed else completion("Done"))
    messages = list(ASK["messages"])
    ask = {**ASK, "tools": [WEATHER], "thinking": {"type": "adaptive"}, "messages": messages}

    def turn():
        if not streamed:
            return client.messages.create(**ask)
        with client.messages.stream(**ask) as stream:
            return stream.get_final_message()

    while (message := turn()).stop_reason == "tool_use":
        thinking, used = message.content
        assert thinking.type == "thinking" and thinking.signature
        result = {"type": "tool_result", "tool_use_id": used.id, "content": f"Rain in {used.input['city']}"}
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]

    assert message.content[0].text == "Done"
    _, first, result, second, last = provider.requests[2]["messages"]
    for said, (id, city) in zip((first, second), turns):
        assert said["reasoning_content"] == f"Now {city}."
        assert said["tool_calls"][0]["id"] == id
    assert result == {"role": "tool", "tool_call_id": turns[0][0], "content": "Rain in Oslo"}
    assert last == {"role": "tool", "tool_call_id": turns[1][0], "content": "Rain in Rome"}
    assert "gw1." not in str(provider.requests)


@anthropic.beta_tool
def weather(city: str) -> str:
    """Tells the weather of a city.

    Args:
        city: Its name.
    """
    return f"Rain in {city}"


def test_the_tool_runner_goes_on_without_threads(client, provider):
    provider.replies = [
        completion(None, "tool_calls", tool_calls=[call("call_1", "weather", '{"city": "Oslo"}')]),
        completion(None, "tool_calls", tool_calls=[call("call_2", "weather", '{"city": "Rome"}')]),
        completion("Rain everywhere"),
    ]
    message = client.beta.messages.tool_runner(**ASK, tools=[weather]).until_done()
    assert message.content[0].text == "Rain everywhere"
    # The whole conversation each time, since the gateway remembers none.
    assert [len(request["messages"]) for request in provider.requests] == [1, 3, 5]
    assert [turn["content"] for turn in provider.requests[2]["messages"] if turn["role"] == "tool"] == ["Rain in Oslo", "Rain in Rome"]


def test_the_tool_runner_streams_without_threads(client, provider):
    provider.replies = [
        [chunk("I ask."), call_piece(0, '{"city": "Oslo"}', "call_1", "weather"), chunk(finish_reason="stop"), usage()],
        [chunk("Rain"), chunk(finish_reason="stop"), usage()],
    ]
    runner = client.beta.messages.tool_runner(**ASK, tools=[weather], stream=True)
    said = [stream.get_final_message() for stream in runner]
    assert [message.stop_reason for message in said] == ["tool_use", "end_turn"]
    assert provider.requests[1]["messages"][-1] == {"role": "tool", "tool_call_id": "call_1", "content": "Rain in Oslo"}


def test_images_are_seen(client, provider):
    provider.replies = [completion("A dot")]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, image]}]
    assert client.messages.create(**{**ASK, "messages": messages}).content[0].text == "A dot"
    parts = provider.requests[0]["messages"][0]["content"]
    assert parts[1] == {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}


def test_structured_output_is_asked_for(client, provider):
    provider.replies = [completion('{"name": "Ada"}')]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
    client.messages.create(**ASK, output_config={"format": {"type": "json_schema", "schema": schema}})
    expected = {"name": "output", "schema": schema, "strict": True}
    assert provider.requests[0]["response_format"] == {"type": "json_schema", "json_schema": expected}


def test_structured_output_is_parsed(client, provider):
    class Person(pydantic.BaseModel):
        name: str

    provider.replies = [completion('{"name": "Ada"}')]
    message = client.messages.parse(**ASK, output_format=Person)
    assert message.parsed_output == Person(name="Ada")
    assert provider.requests[0]["response_format"]["json_schema"]["schema"]["required"] == ["name"]


def test_tokens_are_counted_without_a_call(client, provider):
    ask = {"model": "m", "messages": ASK["messages"]}
    plain = client.messages.count_tokens(**ask).input_tokens
    assert 0 < plain < client.messages.count_tokens(**ask, system="Be brief.", tools=[WEATHER]).input_tokens
    assert not provider.requests


@pytest.mark.parametrize(
    "refusal, error",
    [
        ((400, {"error": {"message": "no"}}), anthropic.BadRequestError),
        ((404, {"error": {"message": "no"}}), anthropic.NotFoundError),
        ((413, {"error": {"message": "no"}}), anthropic.RequestTooLargeError),
        ((429, {"error": {"message": "no"}}), anthropic.RateLimitError),
        ((500, {"error": {"message": "no"}}), anthropic.InternalServerError),
        ((503, {"error": {"message": "no"}}), anthropic.OverloadedError),
        ((504, {"error": {"message": "no"}}), anthropic.DeadlineExceededError),
        # Our key is bad, not the client's.
        ((401, {"error": {"message": "no"}}), anthropic.InternalServerError),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_backends_refusal_has_its_class(client, provider, refusal, error, streamed):
    provider.replies = [refusal]
    with pytest.raises(error) as refused:
        client.messages.create(**ASK, stream=streamed)
    assert refused.value.request_id


def test_our_own_refusals_have_their_classes(client):
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong").messages.create(**ASK)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(**{**ASK, "model": "unknown"})
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("unknown")
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        client.messages.create(**{**ASK, "messages": []})


def test_a_refusal_is_asked_again_and_the_backend_says_when(client, provider):
    provider.replies = [(429, {}, {"retry-after-ms": "1"}), (503, {}, {"retry-after-ms": "1"}), completion("Hi")]
    assert client.with_options(max_retries=2).messages.create(**ASK).content[0].text == "Hi"
    assert len(provider.requests) == 3


def test_a_refusal_is_not_asked_again_where_the_backend_says_so(client, provider):
    provider.replies = [(429, {}, {"x-should-retry": "false"})]
    with pytest.raises(anthropic.RateLimitError):
        client.with_options(max_retries=2).messages.create(**ASK)
    assert len(provider.requests) == 1


def test_p50_an_error_in_mid_stream_is_raised(client, provider):
    provider.replies = [[chunk("Hel"), {"error": {"message": "overheated", "code": 503}}]]
    with client.messages.stream(**ASK) as stream, pytest.raises(anthropic.APIStatusError, match="overheated"):
        stream.until_done()


def test_p50_a_cut_stream_is_no_message(client, provider):
    provider.replies = [[chunk("Hel"), CUT]]
    with client.messages.stream(**ASK) as stream, pytest.raises(anthropic.APIError):
        stream.until_done()
