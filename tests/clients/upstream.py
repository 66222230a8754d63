"""A model server on loopback that follows a script and judges what it gets, in all dialects of backends."""

import base64
import json
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import chat_api
import messages_api
import responses_api
from turn import Fault, Refusal, Turn

APIS = {api.PATH: api for api in (chat_api, messages_api, responses_api)}
VECTOR = [0.5, -0.25, 1.0]


class Upstream:
    """Says the next turn of `script` to each request. A turn may be a function of the request.

    Agents ask other things beside their task, such as a title for the conversation: requests for which `is_aside` is
    true do not move the script on.
    """

    def __init__(self):
        upstream = self
        self.lock = threading.Lock()
        self.reset()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send(200, {"object": "list", "data": []})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path == "/v1/embeddings":
                    return self.send(200, upstream.embed(body))
                api = APIS[self.path]
                headers = {name.lower(): value for name, value in self.headers.items()}
                turn = upstream.answer(api, headers, body)
                if isinstance(turn, Refusal):
                    self.send(turn.status, api.refusal(turn.status, turn.message))
                elif body.get("stream"):
                    events = api.stream(turn, body)
                    self.stream(events[: len(events) // 2] if turn.cut else events)
                else:
                    self.send(200, api.whole(turn, body))

            def send(self, status, body, headers={}):
                text = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {
                    "content-type": "application/json",
                    "content-length": str(len(text)),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def stream(self, events):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                for event in [*events, ""]:
                    self.wfile.write(f"{len(event.encode()):x}\r\n{event}\r\n".encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        self.script, self.requests, self.asides, self.faults = [], [], [], []
        self.is_aside = lambda request: False

    def answer(self, api, headers, body):
        with self.lock:
            try:
                request = api.read(headers, body)
                if self.is_aside(request):
                    self.asides.append(request)
                    return Turn("A title")
                self.requests.append(request)
                if not self.script:
                    raise Fault("a request that is not in the script")
                turn = self.script.pop(0)
                return turn(request) if callable(turn) else turn
            except Exception as fault:
                self.faults.append((repr(fault), body))
                return Refusal(400, repr(fault))

    def embed(self, body):
        packed = base64.b64encode(struct.pack(f"<{len(VECTOR)}f", *VECTOR)).decode()
        vector = packed if body.get("encoding_format") == "base64" else VECTOR
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(len(inputs))]
        return {"object": "list", "model": "p", "data": data, "usage": {"prompt_tokens": 4, "total_tokens": 4}}

    def check(self):
        """Nothing was refused, and all of the script was asked for."""
        for fault, body in self.faults:
            print(json.dumps(body, indent=1)[:20000])
        assert not self.faults, [fault for fault, _ in self.faults]
        assert not self.script, f"{len(self.script)} turns were not asked for"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
