"""A model provider on loopback that follows a script, one step for each request."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Provider:
    """Answers each request with the next thing it was told to say: a dict whole, a list as a stream of chunks.

    A `threading.Event` in a list holds the stream until it is set; `CUT` ends it without its end mark. A tuple
    `(status, dict)` or `(status, dict, headers)` is a refusal.
    """

    def __init__(self):
        self.replies = []
        self.requests = []
        self.authorizations = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                """What health checks ask for."""
                provider.authorizations.append(self.headers["authorization"])
                self.whole(200, b'{"data":[]}')

            def do_POST(self):
                provider.authorizations.append(self.headers["authorization"])
                provider.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                reply = provider.replies.pop(0)
                if isinstance(reply, list):
                    self.stream(reply)
                else:
                    status, body, *headers = reply if isinstance(reply, tuple) else (200, reply)
                    self.whole(status, json.dumps(body).encode(), *headers)

            def whole(self, status, body, headers={}):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def stream(self, chunks):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for chunk in chunks:
                    if chunk is CUT:
                        return self.chunk("")
                    if isinstance(chunk, threading.Event):
                        assert chunk.wait(30), "the client never asked for more"
                    else:
                        self.chunk(f"data: {json.dumps(chunk)}\n\n")
                self.chunk("data: [DONE]\n\n")
                self.chunk("")

            def chunk(self, text):
                self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()


CUT = object()


def completion(text=None, finish_reason="stop", **message):
    """A whole chat completion that says `text`; other members of its message as keywords."""
    message = {"role": "assistant", "content": text, **message}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "p", "choices": [choice], "usage": usage}


def chunk(text=None, finish_reason=None, **delta):
    """A chunk of a stream that adds `text`; other members of its delta as keywords."""
    if text is not None:
        delta["content"] = text
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "p", "choices": [choice]}


def usage():
    """The last chunk of a stream that was asked for its usage."""
    return {**chunk(), "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}


def call(id, name, arguments):
    """A tool call of a whole completion."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def call_piece(index, arguments, id=None, name=None):
    """A chunk with a piece of a tool call."""
    piece = {"index": index, "function": {"arguments": arguments}}
    if id:
        piece = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return chunk(tool_calls=[piece])
