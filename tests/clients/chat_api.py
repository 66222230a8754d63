"""Chat Completions as a strict server speaks it: what is not of this API is refused, so that it cannot pass unseen."""

import json

from turn import TOOL_NAME, Call, Request, demand

PATH = "/v1/chat/completions"

FIELDS = {
    "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "messages", "metadata",
    "model", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "reasoning_effort",
    "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options",
    "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
}  # fmt: skip
MESSAGE_FIELDS = {"content", "name", "reasoning_content", "refusal", "role", "tool_call_id", "tool_calls"}


def read(headers, body):
    """The request, if it is one that a server with a strict template takes."""
    demand(not body.keys() - FIELDS, f"unknown fields {body.keys() - FIELDS}")
    absent = [name for name, value in body.items() if value is None or value == []]
    demand(not absent, f"{absent} say nothing")
    demand(headers.get("authorization") == "Bearer the-provider's-own-key", "no key of this server")
    request = Request("chat", headers, body, effort=body.get("reasoning_effort"))
    read_tools(request, body)
    read_messages(request, body["messages"])
    if (form := body.get("response_format", {})).get("type") == "json_schema":
        request.schema = form["json_schema"]["schema"]
    return request


def read_tools(request, body):
    for tool in body.get("tools", []):
        demand(tool.keys() == {"type", "function"} and tool["type"] == "function", f"a tool of another kind: {tool}")
        function = tool["function"]
        demand(TOOL_NAME.fullmatch(function["name"]), f"a tool's name: {function['name']}")
        demand(
            not function.keys() - {"name", "description", "parameters", "strict"},
            f"fields of a tool: {function.keys()}",
        )
        demand(function.get("parameters", {}).get("type") == "object", f"parameters that are no object: {function}")
        request.tools.append(function["name"])
    demand(len(set(request.tools)) == len(request.tools), "two tools with one name")
    demand(request.tools or not body.keys() & {"tool_choice", "parallel_tool_calls"}, "a choice without tools")


def read_messages(request, messages):
    open_calls = []
    for position, message in enumerate(messages):
        demand(not message.keys() - MESSAGE_FIELDS, f"fields of a message: {message.keys()}")
        role = message["role"]
        demand(role in ("system", "user", "assistant", "tool"), f"the role {role}")
        demand(role != "system" or position == 0, "a system message that is not the first")
        demand(role == "tool" or not open_calls, f"{open_calls} are not answered before the next message")
        texts = read_content(request, message)
        if role == "system":
            request.system = "\n".join(texts)
        elif role == "tool":
            demand(message["tool_call_id"] in open_calls, f"a result of no call: {message['tool_call_id']}")
            open_calls.remove(message["tool_call_id"])
            request.results[message["tool_call_id"]] = "\n".join(texts)
        else:
            request.said += texts
        if message.get("reasoning_content"):
            request.reasoning.append(message["reasoning_content"])
        for call in message.get("tool_calls", []):
            arguments = json.loads(call["function"]["arguments"])
            demand(call["type"] == "function" and isinstance(arguments, dict), f"a call of another kind: {call}")
            request.calls[call["id"]] = Call(call["id"], call["function"]["name"], arguments)
            open_calls.append(call["id"])
    demand(not open_calls, f"{open_calls} are not answered")


def read_content(request, message):
    content = message.get("content")
    if content is None:
        demand(message.get("tool_calls"), "a message that says nothing")
        return []
    if isinstance(content, str):
        return [content]
    texts = []
    for part in content:
        if part["type"] == "image_url":
            demand(message["role"] == "user", f"a picture in a message of role {message['role']}")
            demand(
                part["image_url"]["url"].startswith("data:image/png;base64,"),
                f"no picture: {part['image_url']['url'][:80]}",
            )
            request.images.append(part["image_url"]["url"].partition(",")[2])
        else:
            # The Agents SDK of Node repeats members of the message in its parts; servers ignore them.
            demand(part["type"] == "text", f"a part of another kind: {part}")
            texts.append(part["text"])
    return texts


def usage(turn):
    return {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 40},
    }


def tool_call(call):
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}


def whole(turn, _body):
    message = {"role": "assistant", "content": turn.text or None}
    if turn.reasoning:
        message["reasoning_content"] = turn.reasoning
    if turn.calls:
        message["tool_calls"] = [tool_call(call) for call in turn.calls]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if turn.calls else "stop"}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "p",
        "choices": [choice],
        "usage": usage(turn),
    }


def halves(text):
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]


def stream(turn, body):
    """The events of a stream, as text."""
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in halves(turn.reasoning)]
    deltas += [{"content": piece} for piece in halves(turn.text)]
    for index, call in enumerate(turn.calls):
        whole_call = tool_call(call)
        arguments = whole_call["function"]["arguments"]
        whole_call["function"]["arguments"] = ""
        deltas.append({"tool_calls": [{"index": index, **whole_call}]})
        deltas += [{"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in halves(arguments)]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "p"}
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls" if turn.calls else "stop"})
    events = [{**head, "choices": [choice]} for choice in choices]
    if body.get("stream_options", {}).get("include_usage"):
        events.append({**head, "choices": [], "usage": usage(turn)})
    return [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]


TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}


def refusal(status, message):
    return {"error": {"message": message, "type": TYPES[status], "param": None, "code": None}}
