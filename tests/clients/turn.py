"""What a model was asked and what it answers, whatever the API."""

import dataclasses
import re

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Fault(Exception):
    """A request that the real API of its dialect would refuse."""


def demand(condition, fault):
    if not condition:
        raise Fault(fault)


@dataclasses.dataclass
class Call:
    id: str
    name: str
    arguments: dict


@dataclasses.dataclass
class Turn:
    """What the model says: reasoning, then text, then calls. If it is `cut`, its stream breaks off within the text."""

    text: str = ""
    calls: list = dataclasses.field(default_factory=list)
    reasoning: str = ""
    input_tokens: int = 100
    output_tokens: int = 10
    cut: bool = False


def rain(id, city):
    """A turn with all three parts: it asks the tool `weather`, which the tests of SDKs have."""
    return Turn(f"I ask for {city}.", [Call(id, "weather", {"city": city})], f"Think of {city}.")


@dataclasses.dataclass
class Refusal:
    """An answer that is an error, in the dialect's own form."""

    status: int
    message: str


@dataclasses.dataclass
class Request:
    """A request as the model would see it. The names of its tools are those that a call has to use."""

    dialect: str
    headers: dict
    body: dict
    system: str = ""
    tools: list = dataclasses.field(default_factory=list)
    said: list = dataclasses.field(default_factory=list)
    reasoning: list = dataclasses.field(default_factory=list)
    calls: dict = dataclasses.field(default_factory=dict)
    results: dict = dataclasses.field(default_factory=dict)
    images: list = dataclasses.field(default_factory=list)
    schema: dict | None = None
    effort: str | None = None

    @property
    def text(self):
        """All that the user and the model have said, and all results of tools."""
        return "\n".join([*self.said, *self.results.values()])

    def tool(self, name):
        """The tool's name as this request spells it: `name`, alone or behind the name of its namespace."""
        found = [tool for tool in self.tools if re.split(r"__|\.", tool)[-1] == name]
        demand(len(found) == 1, f"one tool {name} among {self.tools}")
        return found[0]
