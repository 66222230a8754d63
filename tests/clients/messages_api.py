"""Anthropic's Messages as its own server speaks it: what is not of this API is refused, and signatures are verified."""

import hashlib
import json

from chat_api import halves
from turn import TOOL_NAME, Call, Request, demand

PATH = "/v1/messages"

FIELDS = {
    "cache_control", "container", "context_management", "inference_geo", "max_tokens", "mcp_servers", "messages",
    "metadata", "model", "output_config", "service_tier", "stop_sequences", "stream", "system", "temperature",
    "thinking", "tool_choice", "tools", "top_k", "top_p",
}  # fmt: skip


def read(headers, body):
    """The request, if it is one that Anthropic's server takes."""
    demand(not body.keys() - FIELDS, f"unknown fields {body.keys() - FIELDS}")
    demand(
        headers.get("x-api-key") == "the-provider's-own-key" and headers.get("anthropic-version"),
        "no key of this server",
    )
    demand(isinstance(body["max_tokens"], int) and body["max_tokens"] > 0, "max_tokens")
    thinking = body.get("thinking", {}).get("type", "disabled")
    if thinking != "disabled":
        demand(body.get("tool_choice", {}).get("type", "auto") in ("auto", "none"), "thinking with a forced tool")
        demand(body.get("temperature", 1) == 1, "thinking with a temperature")
    config = body.get("output_config", {})
    request = Request(
        "messages", headers, body, effort=config.get("effort"), schema=config.get("format", {}).get("schema")
    )
    request.system = read_system(body.get("system", ""))
    for tool in body.get("tools", []):
        demand(TOOL_NAME.fullmatch(tool["name"]), f"a tool's name: {tool['name']}")
        demand(tool["input_schema"]["type"] == "object", f"a schema that is no object: {tool}")
        request.tools.append(tool["name"])
    demand(len(set(request.tools)) == len(request.tools), "two tools with one name")
    read_messages(request, body["messages"])
    return request


def read_system(system):
    if isinstance(system, str):
        return system
    demand(system, "an empty list of system blocks")
    return "\n".join(block["text"] for block in system)


def read_messages(request, messages):
    open_calls = []
    before = "assistant"
    for message in messages:
        demand(message.keys() == {"role", "content"}, f"fields of a message: {message.keys()}")
        role, content = message["role"], message["content"]
        demand(role != before or role == "system", f"two turns of {role}")
        before = role
        demand(role in ("user", "assistant", "system"), f"the role {role}")
        demand(content, "a message that says nothing")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for position, block in enumerate(blocks):
            is_result = block["type"] == "tool_result"
            demand(is_result or not open_calls or role == "assistant", f"{open_calls} are not answered first")
            read_block(request, role, position, block, open_calls)
    demand(not open_calls, f"{open_calls} are not answered")


def read_block(request, role, position, block, open_calls):
    kind = block["type"]
    if kind == "text":
        demand(block["text"].strip(), "a text of nothing")
        request.said.append(block["text"])
    elif kind == "image":
        demand(block["source"]["media_type"] == "image/png", f"no picture: {block['source']}")
        request.images.append(block["source"]["data"])
    elif kind == "thinking":
        demand(role == "assistant" and position == 0, "thinking that is not first")
        demand(block["signature"] == signature(block["thinking"]), f"a signature of another text: {block}")
        request.reasoning.append(block["thinking"])
    elif kind == "tool_use":
        demand(
            role == "assistant" and TOOL_NAME.fullmatch(block["id"]) and isinstance(block["input"], dict),
            f"a call: {block}",
        )
        request.calls[block["id"]] = Call(block["id"], block["name"], block["input"])
        open_calls.append(block["id"])
    elif kind == "tool_result":
        demand(block["tool_use_id"] in open_calls, f"a result of no call: {block['tool_use_id']}")
        open_calls.remove(block["tool_use_id"])
        request.results[block["tool_use_id"]] = read_result(request, block.get("content", ""))
    else:
        demand(False, f"a block of another kind: {block}")


def read_result(request, content):
    if isinstance(content, str):
        return content
    request.images += [part["source"]["data"] for part in content if part["type"] == "image"]
    return "\n".join(part["text"] for part in content if part["type"] == "text")


def signature(thinking):
    """Proof that this server has thought `thinking`."""
    return hashlib.sha256(thinking.encode()).hexdigest()


def usage(turn):
    return {"input_tokens": turn.input_tokens - 40, "cache_read_input_tokens": 40, "output_tokens": turn.output_tokens}


def blocks(turn):
    content = []
    if turn.reasoning:
        content.append({"type": "thinking", "thinking": turn.reasoning, "signature": signature(turn.reasoning)})
    if turn.text:
        content.append({"type": "text", "text": turn.text})
    return content + [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in turn.calls
    ]


def stop_reason(turn):
    return {"stop_reason": "tool_use" if turn.calls else "end_turn", "stop_sequence": None}


def whole(turn, _body):
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "p"}
    return {**head, "content": blocks(turn), **stop_reason(turn), "usage": usage(turn)}


def deltas(block):
    """The block as it begins, and what is added to it."""
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in halves(block["text"])]
    if block["type"] == "tool_use":
        pieces = halves(json.dumps(block["input"]))
        return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    added = [{"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])]
    return {**block, "thinking": "", "signature": ""}, added + [
        {"type": "signature_delta", "signature": block["signature"]}
    ]


def stream(turn, body):
    """The events of a stream, as text."""
    begun = {**whole(turn, body), "content": [], "stop_reason": None}
    events = [{"type": "message_start", "message": begun}]
    for index, block in enumerate(blocks(turn)):
        opened, added = deltas(block)
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in added]
        events.append({"type": "content_block_stop", "index": index})
    events.append({"type": "message_delta", "delta": stop_reason(turn), "usage": usage(turn)})
    events.append({"type": "message_stop"})
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


TYPES = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 500: "api_error"}


def refusal(status, message):
    return {"type": "error", "error": {"type": TYPES[status], "message": message}}
