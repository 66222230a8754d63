"""A CI service that signs identity tokens: a key of `openssl`'s, so that no library is needed."""

import base64
import json
import pathlib
import subprocess
import time


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs with RS256; `jwks` is what the gateway needs to know of it."""

    url = "https://ci.example.com"

    def __init__(self, folder: pathlib.Path):
        self.key = folder / "key.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        modulus = self.openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
        public = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "ci", "e": "AQAB", "n": encoded(bytes.fromhex(modulus))}
        self.jwks = {"keys": [public]}

    def openssl(self, *arguments, given=b""):
        return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout

    def token(self, **claims):
        """A token with these claims, valid for five minutes."""
        now = int(time.time())
        head = {"alg": "RS256", "kid": "ci", "typ": "JWT"}
        body = {"iss": self.url, "iat": now, "exp": now + 300, **claims}
        text = ".".join(encoded(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{encoded(self.openssl('dgst', '-sha256', '-sign', self.key, given=text.encode()))}"
