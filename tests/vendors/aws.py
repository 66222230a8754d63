"""What AWS knows and how it judges: botocore signs anew what came, and PyJWT makes and reads the role's tokens."""

import base64
import datetime
from urllib.parse import parse_qsl, urlsplit

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import rsa

REGION = "eu-central-1"
OWN = Credentials("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "a/session+token=")
ROLE = Credentials("ASIAROLEOFMODELS", "another/secret+of/a/role", "the-roles-session")
ROLE_ARN, EXTERNAL_ID = "arn:aws:iam::210987654321:role/models", "tidegate/1"
ISSUER = "https://00000000-0000-0000-0000-000000000000.tokens.sts.global.api.aws"
SUBJECT = "arn:aws:iam::123456789012:role/tidegate"
# The key that AWS signs the role's tokens with.
SIGNING_KEY = rsa.generate_private_key(65537, 2048)


class Refused(Exception):
    """What came is not what the vendor takes."""


def refuse_unless(condition, reason):
    if not condition:
        raise Refused(reason)


def parsed(authorization):
    """Key id, day, region and service, the signed headers, and the signature of an `authorization`."""
    refuse_unless(authorization.startswith("AWS4-HMAC-SHA256 "), "not signed")
    parts = dict(part.split("=", 1) for part in authorization.removeprefix("AWS4-HMAC-SHA256 ").split(", "))
    key, day, region, service, end = parts["Credential"].split("/")
    refuse_unless(end == "aws4_request", "no scope")
    return key, day, region, service, parts["SignedHeaders"].split(";"), parts["Signature"]


def judge_signature(method, url, headers, body, credentials, service):
    """Refuses a request whose signature is not the one that botocore makes of it."""
    headers = {name.lower(): value for name, value in headers.items()}
    key, day, region, signed_for, signed, signature = parsed(headers.get("authorization", ""))
    refuse_unless(key == credentials.access_key, "an unknown key")
    refuse_unless((region, signed_for) == (REGION, service), f"signed for {region}/{signed_for}")
    refuse_unless(headers.get("x-amz-security-token") == credentials.token, "another session")
    wanted = {name for name in headers if name in ("host", "content-type") or name.startswith(("x-amz-", "anthropic-", "x-goog-"))}
    refuse_unless(wanted <= set(signed), f"not signed: {wanted - set(signed)}")
    time = headers["x-amz-date"]
    refuse_unless(time.startswith(day) and abs(age(time)) < 300, "an old signature")
    request = AWSRequest(method, url, {name: headers[name] for name in signed}, body)
    request.context["timestamp"] = time
    auth = SigV4Auth(credentials, service, region)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    refuse_unless(signature == expected, "the signature does not match")


def age(time):
    """Seconds since `time`, as AWS writes it."""
    written = datetime.datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    return (datetime.datetime.now(datetime.UTC) - written).total_seconds()


def web_identity(audience, **changes):
    """The token that shows the role to `audience`."""
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": audience, "iat": now, "exp": now + 300, **changes}
    return jwt.encode(claims, SIGNING_KEY, "RS256")


def judge_web_identity(token, audience):
    """Refuses what AWS has not signed for `audience`, and what has ended."""
    options = {"require": ["exp", "iat", "sub", "aud", "iss"]}
    try:
        claims = jwt.decode(token, SIGNING_KEY.public_key(), ["RS256"], options, audience=audience, issuer=ISSUER)
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error
    refuse_unless(claims["sub"] == SUBJECT, "another role")


def sts(url, headers, body):
    """The answer of the token service to whoever signs with the own key."""
    judge_signature("POST", url, headers, body, OWN, "sts")
    asked = dict(parse_qsl(body.decode(), strict_parsing=True))
    refuse_unless(asked.pop("Version") == "2011-06-15", "another version")
    if asked["Action"] == "GetWebIdentityToken":
        audience = asked["Audience.member.1"]
        expected = {"Action": "GetWebIdentityToken", "Audience.member.1": audience, "SigningAlgorithm": "RS256", "DurationSeconds": "300"}
        refuse_unless(asked == expected, f"asked with {asked}")
        return f"<R><WebIdentityToken>{web_identity(audience)}</WebIdentityToken></R>"
    expected = {"Action": "AssumeRole", "RoleArn": ROLE_ARN, "RoleSessionName": "tidegate", "DurationSeconds": "3600", "ExternalId": EXTERNAL_ID}
    refuse_unless(asked == expected, f"asked with {asked}")
    inner = f"<AccessKeyId>{ROLE.access_key}</AccessKeyId><SecretAccessKey>{ROLE.secret_key}</SecretAccessKey>"
    return f"<R>{inner}<SessionToken>{ROLE.token}</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></R>"


def query_of(key):
    """The members of the signed address that a key of Bedrock is."""
    refuse_unless(key.startswith("bedrock-api-key-"), "no key of Bedrock")
    address = base64.b64decode(key.removeprefix("bedrock-api-key-"), validate=True).decode()
    parts = urlsplit(f"https://{address}")
    refuse_unless((parts.hostname, parts.path) == ("bedrock.amazonaws.com", "/"), "another address")
    pairs = parse_qsl(parts.query, strict_parsing=True)
    refuse_unless(len(pairs) == len(dict(pairs)), "a member stands twice")
    return dict(pairs)
