"""Google Cloud as far as it judges: what it does with a request that AWS is to make, and with a service account's assertion."""

import json
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import aws

AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/tidegate/providers/aws"
ACCOUNT = "tidegate@p.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"
ACCOUNT_KEY = rsa.generate_private_key(65537, 2048)
PEM = ACCOUNT_KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
KEY_FILE = {
    "type": "service_account", "project_id": "p", "private_key_id": "key-1", "private_key": PEM.decode(),
    "client_email": ACCOUNT, "client_id": "1", "token_uri": TOKEN_URI,
}


def judge(request):
    if request.path == "/google/v1/token":
        return exchanged(dict(parse_qsl(request.body.decode(), strict_parsing=True)))
    if request.path == "/google/key":
        return by_assertion(dict(parse_qsl(request.body.decode(), strict_parsing=True)))
    aws.refuse_unless(request.path == f"/google/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken", request.path)
    aws.refuse_unless(request.headers.get("authorization") == "Bearer pool-token", "another token")
    aws.refuse_unless(request.json == {"scope": [SCOPE], "lifetime": "3600s"}, "another request")
    return {"accessToken": "account-token", "expireTime": "2999-01-01T00:00:00Z"}


def exchanged(asked):
    subject = asked.pop("subject_token")
    aws.refuse_unless(asked == {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": AUDIENCE, "scope": SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
    }, f"asked with {asked}")
    judge_subject(subject)
    return {"access_token": "pool-token", "issued_token_type": "x", "token_type": "Bearer", "expires_in": 3600}


def subject_of(token):
    """The request in a subject token: its address, and its headers by name."""
    request = json.loads(unquote(token))
    headers = {each["key"].lower(): each["value"] for each in request["headers"]}
    aws.refuse_unless(len(headers) == len(request["headers"]), "a header stands twice")
    return request, headers


def judge_subject(token):
    """Refuses a request that AWS would not answer, or that is for another pool."""
    request, headers = subject_of(token)
    host = f"sts.{aws.REGION}.amazonaws.com"
    aws.refuse_unless(request["url"] == f"https://{host}?Action=GetCallerIdentity&Version=2011-06-15", "another address")
    aws.refuse_unless((request["method"], headers.get("host")) == ("POST", host), "another host")
    aws.refuse_unless(headers.get("x-goog-cloud-target-resource") == AUDIENCE, "for another pool")
    aws.judge_signature("POST", request["url"], headers, b"", aws.OWN, "sts")


def by_assertion(asked):
    aws.refuse_unless(asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer", "another grant")
    judge_assertion(asked["assertion"])
    return {"access_token": "key-token", "token_type": "Bearer", "expires_in": 3600}


def judge_assertion(token):
    try:
        claims = jwt.decode(token, ACCOUNT_KEY.public_key(), ["RS256"], audience=TOKEN_URI, issuer=ACCOUNT)
    except jwt.PyJWTError as error:
        raise aws.Refused(str(error)) from error
    aws.refuse_unless(claims["scope"] == SCOPE and claims["exp"] - claims["iat"] == 3600, "other claims")
    aws.refuse_unless(jwt.get_unverified_header(token)["kid"] == "key-1", "another key")


def post(url, key, body):
    """Status and text of an answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json", "authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
