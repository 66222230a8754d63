"""The official OpenAI SDK, unchanged but for its address and its key."""

import array
import base64
import threading

import openai
import pytest

from provider import CUT, call, call_piece, chunk, completion, usage

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="session")
def client(gateway):
    # The SDK's own retries would hide what the gateway answers.
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.create_key(), max_retries=0)


def test_models_can_be_listed_and_found(client):
    assert [model.id for model in client.models.list()] == ["m"]
    assert client.models.retrieve("m").object == "model"


def test_a_completion_is_answered(client, provider):
    provider.replies = [completion("Hello there")]
    answer = client.chat.completions.create(**ASK, temperature=0.5)
    assert answer.choices[0].message.content == "Hello there"
    assert answer.usage.total_tokens == 5
    assert provider.requests == [{**ASK, "model": "p", "temperature": 0.5}]


def test_a_stream_comes_chunk_by_chunk(client, provider):
    gate = threading.Event()
    provider.replies = [[chunk("Hel"), gate, chunk("lo")]]
    stream = client.chat.completions.create(**ASK, stream=True)
    assert next(stream).choices[0].delta.content == "Hel"
    gate.set()
    assert [part.choices[0].delta.content for part in stream] == ["lo"]


def test_a_stream_ends_with_the_usage_that_was_asked_for(client, provider):
    provider.replies = [[chunk("Hi"), chunk(finish_reason="stop"), usage()]]
    *_, last = client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True})
    assert (last.choices, last.usage.total_tokens) == ([], 5)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_loop_passes_all_as_it_is(client, provider, streamed):
    arguments = '{"city": "Oslo"}'
    provider.replies = [
        [chunk(reasoning_content="Hm."), call_piece(0, "", "functions.weather:0", "weather"), call_piece(0, arguments), chunk(finish_reason="tool_calls")]
        if streamed
        else completion(None, "tool_calls", reasoning_content="Hm.", tool_calls=[call("functions.weather:0", "weather", arguments)]),
        completion("Done"),
    ]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": schema, "strict": True}}]
    if streamed:
        with client.chat.completions.stream(**ASK, tools=tools) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**ASK, tools=tools).choices[0].message
    (used,) = message.tool_calls
    assert (used.id, used.function.arguments, message.reasoning_content) == ("functions.weather:0", arguments, "Hm.")

    said = message.model_dump(include={"role", "content", "tool_calls", "reasoning_content"}, exclude_none=True)
    turns = [*ASK["messages"], said, {"role": "tool", "tool_call_id": used.id, "content": "Rain"}]
    assert client.chat.completions.create(**{**ASK, "messages": turns}, tools=tools).choices[0].message.content == "Done"
    assert provider.requests[1] == {"model": "p", "messages": turns, "tools": tools}


def test_images_and_structured_output_pass(client, provider):
    provider.replies = [completion('{"name": "Ada"}')]
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "Who is it?"}, image]}]
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"], "additionalProperties": False}
    output = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}
    client.chat.completions.create(**{**ASK, "messages": messages}, response_format=output)
    assert provider.requests == [{"model": "p", "messages": messages, "response_format": output}]


def test_a_wrong_key_is_an_authentication_error(client):
    with pytest.raises(openai.AuthenticationError) as refused:
        client.with_options(api_key="sk-wrong").chat.completions.create(**ASK)
    assert refused.value.code == "invalid_api_key"


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(**{**ASK, "model": "unknown"})
    assert (refused.value.code, refused.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("unknown")


def test_a_wrong_value_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**ASK, n=9)
    assert (refused.value.code, refused.value.param) == ("invalid_value", "n")


def test_a_backend_that_limits_us_is_a_rate_limit_error(client, provider):
    provider.replies = [(429, {"error": {"message": "slow down"}})]
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(**ASK)
    assert refused.value.response.headers["retry-after"]


def test_a_backend_that_fails_is_an_internal_server_error(client, provider):
    provider.replies = [(500, {"error": {"message": "boom"}})]
    with pytest.raises(openai.InternalServerError) as refused:
        client.chat.completions.create(**ASK)
    assert (refused.value.status_code, refused.value.code) == (502, "upstream_error")


def test_a_backend_that_refuses_our_key_does_not_blame_the_client(client, provider):
    provider.replies = [(401, {"error": {"message": "bad key"}})]
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(**ASK)


def test_p50_an_error_in_mid_stream_is_raised(client, provider):
    provider.replies = [[chunk("Hel"), {"error": {"message": "overheated"}}]]
    stream = client.chat.completions.create(**ASK, stream=True)
    assert next(stream).choices[0].delta.content == "Hel"
    with pytest.raises(openai.APIError):
        next(stream)


def test_p50_a_cut_stream_is_raised(client, provider):
    provider.replies = [[chunk("Hel"), CUT]]
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(**ASK, stream=True))


def test_a_refusal_is_asked_again_and_the_backend_says_when(client, provider):
    provider.replies = [(429, {}, {"retry-after-ms": "1"}), (503, {}, {"retry-after-ms": "1"}), completion("Hi")]
    answer = client.with_options(max_retries=2).chat.completions.create(**ASK)
    assert (answer.choices[0].message.content, len(provider.requests)) == ("Hi", 3)


def test_a_refusal_is_not_asked_again_where_the_backend_says_so(client, provider):
    provider.replies = [(429, {}, {"x-should-retry": "false"})]
    with pytest.raises(openai.RateLimitError):
        client.with_options(max_retries=2).chat.completions.create(**ASK)
    assert len(provider.requests) == 1


TURN = {"model": "m", "input": "Hello"}


def test_a_response_is_created(client, provider):
    provider.replies = [completion("Hello there")]
    response = client.responses.create(**TURN, instructions="Be brief.", store=False)
    assert (response.status, response.output_text, response.usage.total_tokens) == ("completed", "Hello there", 5)
    assert provider.requests[0]["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


def test_a_response_is_streamed_item_by_item(client, provider):
    provider.replies = [
        [chunk(reasoning_content="Hm."), chunk("Hel"), chunk("lo"), call_piece(0, "", "c1", "weather"), call_piece(0, '{"city": "Oslo"}'), chunk(finish_reason="tool_calls"), usage()]
    ]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    tools = [{"type": "function", "name": "weather", "parameters": schema, "strict": False}]
    with client.responses.stream(**TURN, tools=tools, reasoning={"summary": "auto"}) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        response = stream.get_final_response()
    assert (text, response.output_text) == ("Hello", "Hello")
    assert [item.type for item in response.output] == ["reasoning", "message", "function_call"]
    assert (response.output[2].call_id, response.output[2].arguments) == ("c1", '{"city": "Oslo"}')


def test_a_previous_response_is_not_found(client, provider):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**TURN, previous_response_id="resp_1")
    assert (refused.value.code, provider.requests) == ("previous_response_not_found", [])


def test_ra1_ra7_a_response_is_answered(client, provider):
    provider.replies = [completion("Hello there")]
    response = client.responses.create(model="m", input="Hello", instructions="Be brief.", temperature=0.5)
    assert (response.output_text, response.status, response.model) == ("Hello there", "completed", "m")
    assert (response.usage.total_tokens, response.tool_choice, response.temperature) == (5, "auto", 0.5)
    (request,) = provider.requests
    assert request["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]


def test_rs1_rs4_a_response_streams_as_its_items(client, provider):
    provider.replies = [[chunk(reasoning_content="Hm."), chunk("Hel"), chunk("lo"), chunk(finish_reason="stop"), usage()]]
    # The SDK puts the response together itself, and raises where an event does not fit those before.
    with client.responses.stream(model="m", input="Hello", reasoning={"effort": "low", "summary": "auto"}) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        response = stream.get_final_response()
    assert (deltas, response.output_text) == (["Hel", "lo"], "Hello")
    assert [item.type for item in response.output] == ["reasoning", "message"]


@pytest.mark.parametrize("streamed", [False, True])
def test_r5_r6_a_tool_loop_over_responses(client, provider, streamed):
    arguments = '{"city": "Oslo"}'
    provider.replies = [
        [call_piece(0, "", "call_1", "weather"), call_piece(0, arguments), chunk(finish_reason="tool_calls")]
        if streamed
        else completion(None, "tool_calls", tool_calls=[call("call_1", "weather", arguments)]),
        completion("Done"),
    ]
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    ask = {"model": "m", "tools": [{"type": "function", "name": "weather", "parameters": schema, "strict": True}]}
    if streamed:
        with client.responses.stream(input="Hello", **ask) as stream:
            response = stream.get_final_response()
    else:
        response = client.responses.create(input="Hello", **ask)
    (used,) = response.output
    assert (used.type, used.call_id, used.arguments) == ("function_call", "call_1", arguments)
    turns = [
        {"role": "user", "content": "Hello"},
        used.model_dump(exclude_none=True),
        {"type": "function_call_output", "call_id": "call_1", "output": "Rain"},
    ]
    assert client.responses.create(input=turns, **ask).output_text == "Done"
    assert provider.requests[1]["messages"][1]["tool_calls"] == [call("call_1", "weather", arguments)]


def test_rs7_a_response_that_breaks_off_has_failed(client, provider):
    provider.replies = [[chunk("Hel"), CUT]]
    *_, last = client.responses.create(model="m", input="Hello", stream=True)
    assert (last.type, last.response.error.code) == ("response.failed", "server_error")


def test_r22_what_is_refused_names_its_parameter(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="m", input="Hello", background=True)
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "background")


def test_em1_em2_embeddings_pass_as_they_are(client, provider):
    numbers = array.array("f", [0.5, -1.0]).tobytes()
    data = [{"object": "embedding", "index": 0, "embedding": base64.b64encode(numbers).decode()}]
    provider.replies = [{"object": "list", "model": "p", "data": data, "usage": {"prompt_tokens": 3, "total_tokens": 3}}]
    answer = client.embeddings.create(model="m", input=["Hello"], dimensions=2)
    assert (answer.model, answer.data[0].embedding, answer.usage.total_tokens) == ("m", [0.5, -1.0], 3)
    assert provider.requests == [{"model": "p", "input": ["Hello"], "dimensions": 2, "encoding_format": "base64"}]
