"""The vendors on loopback: each judges what it is shown, and answers or refuses."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import aws
from provider import completion

MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn", "stop_sequence": None,
    "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 3, "output_tokens": 2},
}
STREAM = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]


class Request:
    """What came: path with query, headers in lower case, and the body's bytes."""

    def __init__(self, path, headers, body):
        self.path, self.body = path, body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def url(self):
        return f"http://{self.headers['host']}{self.path}"


class Vendors:
    """A server whose routes are judges: path's beginning → function of the request. It gives a text or an object, or raises
    `aws.Refused`. An answer of Messages is streamed if the request asks so."""

    def __init__(self):
        self.routes, self.requests, self.refusals = {}, [], []
        vendors = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(200, "application/json", b'{"data":[]}')

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                request = Request(self.path, dict(self.headers), body)
                vendors.requests.append(request)
                judge = next(judge for begin, judge in vendors.routes.items() if self.path.startswith(begin))
                try:
                    answer = judge(request)
                except aws.Refused as reason:
                    vendors.refusals.append(str(reason))
                    return self.answer(403, "application/json", b'{"message":"canary"}', {"x-amzn-errortype": "InvalidSignatureException"})
                if isinstance(answer, str):
                    return self.answer(200, "text/xml", answer.encode())
                if answer is MESSAGE and request.json.get("stream"):
                    events = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in STREAM)
                    return self.answer(200, "text/event-stream", events.encode())
                self.answer(200, "application/json", json.dumps(answer).encode())

            def answer(self, status, content_type, body, headers={}):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, begin):
        """The requests to a route."""
        return [each for each in self.requests if each.path.startswith(begin)]

    def stop(self):
        self.server.shutdown()


def by_bearer(token, answer):
    """A judge that answers whoever shows this token."""

    def judge(request):
        aws.refuse_unless(request.headers.get("authorization") == f"Bearer {token}", "another token")
        return answer

    return judge


CHAT = completion("Hello")
