"""OpenAI's Responses as a server without memory speaks it: what it cannot know or do is refused."""

import base64
import json

from chat_api import halves, refusal
from turn import TOOL_NAME, Call, Request, demand

__all__ = ["PATH", "read", "refusal", "stream", "whole"]

PATH = "/v1/responses"

FIELDS = {
    "client_metadata", "include", "input", "instructions", "max_output_tokens", "max_tool_calls", "metadata",
    "model", "parallel_tool_calls", "prompt_cache_key", "reasoning", "safety_identifier", "service_tier", "store",
    "stream", "stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p",
    "truncation", "user",
}  # fmt: skip


def read(headers, body):
    """The request, if it is one that a server without memory takes."""
    demand(not body.keys() - FIELDS, f"unknown fields {body.keys() - FIELDS}")
    demand(headers.get("authorization") == "Bearer the-provider's-own-key", "no key of this server")
    demand(body.get("store") is False, "the operator's account is told to store what clients say")
    form = body.get("text", {}).get("format", {})
    request = Request(
        "responses", headers, body, schema=form.get("schema"), effort=body.get("reasoning", {}).get("effort")
    )
    request.system = body.get("instructions") or ""
    for tool in body.get("tools", []):
        read_tool(request, tool)
    demand(len(set(request.tools)) == len(request.tools), "two tools with one name")
    open_calls = []
    for item in body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]:
        read_item(request, item, open_calls)
    demand(not open_calls, f"{open_calls} are not answered")
    return request


def read_tool(request, tool):
    """The tools of a namespace are called `namespace.tool`, with a point, which no name has."""
    if tool["type"] == "namespace":
        request.tools += [f"{tool['name']}.{each['name']}" for each in tool["tools"]]
        return
    demand(tool["type"] in ("function", "custom"), f"a tool of this server: {tool}")
    demand(TOOL_NAME.fullmatch(tool["name"]), f"a tool's name: {tool['name']}")
    request.tools.append(tool["name"])


def read_item(request, item, open_calls):
    kind = item.get("type", "message")
    if kind == "message":
        texts = read_content(request, item)
        if item["role"] in ("system", "developer") and not request.said:
            request.system = "\n".join([request.system, *texts]).strip()
        else:
            request.said += texts
    elif kind == "reasoning":
        demand(item.get("encrypted_content"), "reasoning that this server cannot read")
        request.reasoning.append(unsealed(item["encrypted_content"]))
    elif kind in ("function_call", "custom_tool_call"):
        arguments = json.loads(item["arguments"]) if kind == "function_call" else {"input": item["input"]}
        name = f"{item['namespace']}.{item['name']}" if item.get("namespace") else item["name"]
        request.calls[item["call_id"]] = Call(item["call_id"], name, arguments)
        open_calls.append(item["call_id"])
    elif kind in ("function_call_output", "custom_tool_call_output"):
        demand(item["call_id"] in open_calls, f"a result of no call: {item['call_id']}")
        open_calls.remove(item["call_id"])
        output = item["output"]
        texts = [output] if isinstance(output, str) else read_content(request, {"content": output})
        request.results[item["call_id"]] = "\n".join(texts)
    else:
        demand(False, f"an item of another kind: {item}")


def read_content(request, message):
    content = message["content"]
    if isinstance(content, str):
        return [content]
    for part in content:
        demand(part["type"] in ("input_text", "output_text", "input_image"), f"a part of another kind: {part}")
    request.images += [part["image_url"].partition(",")[2] for part in content if part["type"] == "input_image"]
    return [part["text"] for part in content if part["type"] != "input_image"]


def sealed(reasoning):
    """What only this server can read."""
    return "sealed." + base64.b64encode(reasoning.encode()).decode()


def unsealed(text):
    demand(text.startswith("sealed."), f"reasoning of another server: {text[:40]}")
    return base64.b64decode(text.removeprefix("sealed.")).decode()


def usage(turn):
    return {
        "input_tokens": turn.input_tokens,
        "input_tokens_details": {"cached_tokens": 40},
        "output_tokens": turn.output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }


def items(turn, body):
    output = []
    if turn.reasoning:
        summary = [{"type": "summary_text", "text": turn.reasoning}]
        output.append(
            {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": sealed(turn.reasoning)}
        )
    if turn.text:
        content = [{"type": "output_text", "text": turn.text, "annotations": [], "logprobs": []}]
        output.append(
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}
        )
    return output + [call_item(call, body) for call in turn.calls]


def call_item(call, body):
    namespace, _, name = call.name.rpartition(".")
    common = {"id": f"fc_{call.id}", "status": "completed", "call_id": call.id, "name": name}
    if namespace:
        common["namespace"] = namespace
    if any(tool["type"] == "custom" and tool["name"] == name for tool in body.get("tools", [])):
        return {"type": "custom_tool_call", **common, "input": call.arguments["input"]}
    return {"type": "function_call", **common, "arguments": json.dumps(call.arguments)}


def response(turn, body, status, output):
    told = {"tools": body.get("tools", []), "tool_choice": body.get("tool_choice", "auto"), "parallel_tool_calls": True}
    head = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "p",
        "status": status,
        "error": None,
        "incomplete_details": None,
    }
    return {**head, "output": output, "usage": usage(turn) if status == "completed" else None, "store": False, **told}


def whole(turn, body):
    return response(turn, body, "completed", items(turn, body))


def pieces(item):
    """The item as it begins, and the events of its body, without their places."""
    kind = item["type"]
    if kind == "message":
        (part,) = item["content"]
        place = {"content_index": 0}
        events = [{"type": "response.content_part.added", **place, "part": {**part, "text": ""}}]
        events += [
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in halves(part["text"])
        ]
        events.append({"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []})
        events.append({"type": "response.content_part.done", **place, "part": part})
        return {**item, "status": "in_progress", "content": []}, events
    if kind == "reasoning":
        (part,) = item["summary"]
        place = {"summary_index": 0}
        events = [{"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}}]
        events += [
            {"type": "response.reasoning_summary_text.delta", **place, "delta": piece} for piece in halves(part["text"])
        ]
        events.append({"type": "response.reasoning_summary_text.done", **place, "text": part["text"]})
        events.append({"type": "response.reasoning_summary_part.done", **place, "part": part})
        return {**item, "summary": [], "encrypted_content": ""}, events
    field, name = (
        ("arguments", "function_call_arguments") if kind == "function_call" else ("input", "custom_tool_call_input")
    )
    events = [{"type": f"response.{name}.delta", "delta": piece} for piece in halves(item[field])]
    return {**item, "status": "in_progress", field: ""}, [
        *events,
        {"type": f"response.{name}.done", field: item[field]},
    ]


def stream(turn, body):
    """The events of a stream, as text."""
    begun = response(turn, body, "in_progress", [])
    events = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    for index, item in enumerate(items(turn, body)):
        opened, added = pieces(item)
        events.append({"type": "response.output_item.added", "output_index": index, "item": opened})
        events += [{**event, "output_index": index, "item_id": item["id"]} for event in added]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": whole(turn, body)})
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in numbered]
