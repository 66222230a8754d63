"""The template as CloudFormation gets it: transformed by SAM, with parameters, conditions and references resolved.

A reference to a resource becomes its logical name in angle brackets: `<Users>`, `<Users.Arn>`.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

PATH = pathlib.Path(__file__).parents[2] / "infra/template.yaml"
SERVER = PATH.with_name("server.yaml")

PSEUDO = {
    "AWS::StackName": "tidegate",
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}


def read(path=PATH):
    """The file as it stands."""
    return yaml_parse(path.read_text())


def servers(template, **parameters):
    """The resources of the template of servers, which has nothing of SAM, with these parameters."""
    values = {name: str(parameter.get("Default", f"<{name}>")) for name, parameter in template["Parameters"].items()}
    return Resolver(template, values | parameters).resources()


def linted(path, *regions):
    """What cfn-lint has to say of a template in these regions: rule and message."""
    program = pathlib.Path(sys.executable).with_name("cfn-lint")
    result = subprocess.run([program, "--format", "json", "-r", *regions, "--", path], capture_output=True, text=True, check=False)
    return {(each["Rule"]["Id"], each["Message"]) for each in json.loads(result.stdout)}


def deployed(template, **parameters):
    """The resources of `template` with these parameters, and its defaults for the others."""
    return resolver(template, parameters).resources()


def outputs(template, **parameters):
    """What the stack then says of itself."""
    return resolver(template, parameters).outputs()


def resolver(template, parameters):
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # `sam package` uploads what lies there; here it is not built.
            resource["Properties"]["CodeUri"] = "s3://code/" + resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
    values = {name: str(parameter.get("Default")) for name, parameter in template["Parameters"].items()} | parameters
    managed_policies = {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}
    transformed = Translator(managed_policies, Parser()).translate(template, values)
    return Resolver(transformed, values)


class Resolver:
    def __init__(self, template, parameters):
        self.template = template
        self.values = PSEUDO | parameters

    def resources(self):
        """The resources whose condition holds."""
        existing = {name: each for name, each in self.template["Resources"].items() if self.holds(each.get("Condition"))}
        return {name: self.resolved(each) for name, each in existing.items()}

    def outputs(self):
        return {name: self.resolved(each["Value"]) for name, each in self.template["Outputs"].items() if self.holds(each.get("Condition"))}

    def holds(self, condition):
        return condition is None or self.resolved(self.template["Conditions"][condition])

    def resolved(self, node):
        if isinstance(node, list):
            return [each for each in map(self.resolved, node) if each is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (function, argument), = node.items()
            if function in FUNCTIONS:
                return FUNCTIONS[function](self, argument)
        resolved = {name: self.resolved(value) for name, value in node.items()}
        return {name: value for name, value in resolved.items() if value is not None}

    def reference(self, name):
        return self.values[name] if name in self.values else f"<{name}>"

    def choice(self, argument):
        condition, then, otherwise = argument
        return self.resolved(then if self.holds(condition) else otherwise)

    def attribute(self, argument):
        return f"<{argument if isinstance(argument, str) else '.'.join(argument)}>"

    def substituted(self, argument):
        text, names = (argument, {}) if isinstance(argument, str) else argument
        names = {name: self.resolved(value) for name, value in names.items()}
        return re.sub(r"\$\{([^}!]+)\}", lambda match: str(names.get(match[1], self.reference(match[1]))), text)


def listed(value):
    """A parameter that is a list comes as a text with commas."""
    return value.split(",") if isinstance(value, str) else value


FUNCTIONS = {
    "Ref": Resolver.reference,
    "Fn::If": Resolver.choice,
    "Fn::GetAtt": Resolver.attribute,
    "Fn::Sub": Resolver.substituted,
    "Fn::Equals": lambda self, argument: len({str(each) for each in self.resolved(argument)}) == 1,
    "Fn::And": lambda self, argument: all(map(self.resolved, argument)),
    "Condition": Resolver.holds,
    "Fn::Not": lambda self, argument: not self.resolved(argument)[0],
    "Fn::Join": lambda self, argument: argument[0].join(map(str, listed(self.resolved(argument[1])))),
}
