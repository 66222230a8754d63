"""An emulated cloud that runs the stack with the real function binaries, and remembers what they ask of it."""

import http.client
import http.server
import io
import json
import os
import pathlib
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import boto3

import template
from rights import ACCOUNT, OWNER

REGION = "eu-central-1"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Emulator:
    """ministack on loopback; it runs functions as processes."""

    def __init__(self, program, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "LAMBDA_EXECUTOR": "local",
        }
        self.log = open(folder / "emulator.log", "w+")
        self.process = subprocess.Popen([program], env=environment, stdout=self.log, stderr=subprocess.STDOUT, cwd=folder)
        self.wait()

    def wait(self):
        """Until it listens."""
        while self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                pass
        raise AssertionError(f"the emulator ended: {self.text()}")

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")

    def text(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


class Recorder:
    """Passes calls of AWS's services on, and remembers who asked for what."""

    def __init__(self, port):
        self.calls = set()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                _, function, path = self.path.split("/", 2)
                body = self.rfile.read(int(self.headers["content-length"]))
                recorder.calls |= {(function, *call) for call in calls(path, self.headers["x-amz-target"], json.loads(body))}
                upstream = http.client.HTTPConnection("127.0.0.1", port)
                upstream.request("POST", f"/{path}", body, {name: value for name, value in self.headers.items() if name.lower() != "host"})
                answer = upstream.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, function):
        return f"http://127.0.0.1:{self.server.server_port}/{function}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def calls(path, target, body):
    """The rights that one request to a service needs: action, resource, and whether in a transaction."""
    if target is None:
        yield "lambda:InvokeFunction", re.fullmatch("2015-03-31/functions/([^/]+)/invocations", path)[1], False
        return
    service, operation = target.split(".")
    if service == "secretsmanager":
        yield f"secretsmanager:{operation}", body.get("SecretId") or body.get("Name"), False
    elif operation == "TransactWriteItems":
        for item in body["TransactItems"]:
            ((kind, of),) = item.items()
            action = {"Put": "PutItem", "ConditionCheck": "ConditionCheckItem"}.get(kind, f"{kind}Item")
            yield f"dynamodb:{action}", of["TableName"] + part(action, of), True
    elif operation.startswith("Batch"):
        for table in body["RequestItems"]:
            yield f"dynamodb:{operation}", table, False
    else:
        index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
        yield f"dynamodb:{operation}", body["TableName"] + index + part(operation, body), False


def part(operation, body):
    """The items or attributes that a right may be bound to (`rights.PARTS`)."""
    attributes = set(body.get("ExpressionAttributeNames", {}).values())
    if body["TableName"].endswith("-users"):
        if operation == "ConditionCheckItem" and attributes <= set(OWNER):
            return "/owner"
        # A query says it twice: that it reads some attributes, and which.
        is_bound = {"GetItem": "ProjectionExpression" in body, "Query": body.get("Select") == "SPECIFIC_ATTRIBUTES"}
        return "/account" if is_bound.get(operation) and attributes <= set(ACCOUNT) else ""
    if body["TableName"].endswith("-responses") and body.get("Select") == "SPECIFIC_ATTRIBUTES":
        return "/keys" if set(body["ProjectionExpression"].split(", ")) <= {"pk", "sk"} else ""
    item = {"PutItem": "Item", "DeleteItem": "Key", "GetItem": "Key", "UpdateItem": "Key"}.get(operation)
    key = body[item]["pk"]["S"] if item else ""
    if body["TableName"].endswith("-quota"):
        return "/alert#*" if key.startswith("alert#") else ""
    return "/sso#*" if operation in ("PutItem", "DeleteItem") and key.startswith("sso#") else ""


def peak_memory(binary):
    """The most memory, in MiB, that a running process of `binary` has taken so far."""
    peaks = [0]
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "exe").readlink() == binary.resolve():
                peaks.append(int(re.search(r"VmHWM:\s+(\d+) kB", (process / "status").read_text())[1]) / 1024)
        except OSError:
            pass  # it has ended, or is somebody else's
    return max(peaks)


def package(binary):
    """A function's package, which runs `binary` where it lies. Inside Lambda functions do not call loopback, where the
    provider is (promise 33); so this must not look like Lambda's inside.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        files.writestr(entry, f"#!/bin/sh\nunset LAMBDA_TASK_ROOT\nexec '{binary}'\n")
    return archive.getvalue()


class Stack:
    """The stack, deployed from the template as it stands."""

    def __init__(self, emulator, binaries):
        self.emulator = emulator
        raw = template.read()
        storage = emulator.client("s3")
        storage.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": REGION})
        for resource in raw["Resources"].values():
            # What `sam package` does.
            if resource["Type"] == "AWS::Serverless::Function":
                function = resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
                storage.put_object(Bucket="code", Key=function, Body=package(binaries[function]))
                resource["Properties"]["CodeUri"] = f"s3://code/{function}"
        storage.put_object(Bucket="code", Key="template.json", Body=json.dumps(raw))
        parameters = {"Architecture": "x86_64", "BackendAllowedCidrs": "127.0.0.0/8"}
        cloudformation = emulator.client("cloudformation")
        cloudformation.create_stack(
            StackName="tidegate", TemplateURL=f"{emulator.url}/code/template.json", Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName="tidegate", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        self.resources = {each["LogicalResourceId"]: each for each in cloudformation.describe_stack_resources(StackName="tidegate")["StackResources"]}
        self.recorder = Recorder(emulator.port)
        for function in binaries:
            self.record(function)

    def record(self, function):
        """Lets a function reach the services through the recorder."""
        functions, name = self.emulator.client("lambda"), f"tidegate-{function}"
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        url = self.recorder.url(function)
        endpoints = {f"AWS_ENDPOINT_URL_{service}": url for service in ("DYNAMODB", "LAMBDA", "SECRETS_MANAGER")}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables | endpoints})

    def request(self, event):
        """Sends what an event of `events/` says through the API's gateway; gives status and body."""
        status, _, body = self.send(event)
        return status, body

    def send(self, event):
        """The same with the answer's headers."""
        path = f"/restapis/{self.resources['Api']['PhysicalResourceId']}/prod/_user_request_{event['path']}"
        query = urllib.parse.urlencode(event["queryStringParameters"] or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.emulator.port, timeout=60)
        connection.request(event["httpMethod"], f"{path}?{query}" if query else path, event["body"], event["headers"])
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def invoke(self, function, event):
        answer = self.emulator.client("lambda").invoke(FunctionName=f"tidegate-{function}", Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return answer["Payload"].read()

    def stop(self):
        self.recorder.stop()


def streamed(payload):
    """Status and body of an answer in the streaming form, which a plain invocation gives as a text."""
    text = payload.decode()
    if text.startswith('"'):
        text = json.loads(text)
    head, body = re.split("\0{8}", text, maxsplit=1)
    return json.loads(head)["statusCode"], body.encode()
