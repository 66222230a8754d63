"""An identity provider on loopback that knows our client and refuses every code."""

import http.server
import json
import threading

# A key of nobody's: no ID token is ever signed with it.
KEY = {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "one", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


class IdentityProvider:
    def __init__(self):
        provider = self
        self.authorizations = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, {"/keys": {"keys": [KEY]}}.get(self.path, provider.document()))

            def do_POST(self):
                provider.authorizations.append(self.headers["authorization"])
                self.answer(400, {"error": "invalid_grant"})

            def answer(self, status, body):
                body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self):
        endpoints = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in endpoints.items()}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
