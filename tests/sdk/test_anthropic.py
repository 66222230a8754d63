"""The official Anthropic SDK, unchanged but for its address and its key, on a chat backend."""

import threading

import anthropic
import pytest

from provider import chunk, completion

ASK = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="session")
def client(gateway):
    # The SDK's own retries would hide what the gateway answers.
    return anthropic.Anthropic(base_url=gateway.url, api_key=gateway.create_key(), max_retries=0)


def test_models_can_be_listed_and_found(client):
    assert [model.id for model in client.models.list()] == ["m"]
    assert client.models.retrieve("m").type == "model"


def test_a_message_is_answered(client, provider):
    provider.replies = [completion("Hello there")]
    answer = client.messages.create(**ASK)
    assert answer.content[0].text == "Hello there"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 2)


def test_a_stream_comes_chunk_by_chunk(client, provider):
    gate = threading.Event()
    last = chunk("")
    last["choices"][0]["finish_reason"] = "stop"
    provider.replies = [[chunk("Hel"), gate, chunk("lo"), last]]
    with client.messages.stream(**ASK) as stream:
        texts = stream.text_stream
        assert next(texts) == "Hel"
        gate.set()
        assert list(texts) == ["lo"]


def test_tokens_can_be_counted(client):
    messages = [{"role": "user", "content": "Hello"}]
    assert client.messages.count_tokens(model="m", messages=messages).input_tokens > 0


def test_a_wrong_key_is_an_authentication_error(client):
    with pytest.raises(anthropic.AuthenticationError):
        client.with_options(api_key="sk-wrong").messages.create(**ASK)


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(**{**ASK, "model": "unknown"})


def test_a_backend_that_fails_is_an_internal_server_error(client, provider):
    provider.replies = [(500, {"error": {"message": "boom"}})]
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**ASK)
