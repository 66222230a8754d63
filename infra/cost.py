"""What the gateway costs a month: as functions, as servers, and LiteLLM beside them. `docs/cost.md` has what this prints.

    python3 infra/cost.py             prints the tables
    python3 infra/cost.py --write     writes them into docs/cost.md

Prices are list prices of us-east-1 in US dollars, without the free tiers of requests and discounts.
"""

import math
import pathlib
import sys

PAGE = pathlib.Path(__file__).parents[1] / "docs/cost.md"
BEGIN, END = "<!-- infra/cost.py writes from here -->", "<!-- to here -->"
HOURS = 730
MILLION = 1_000_000

# Name → price, and what it is for.
PRICES = {
    "lambda_gb_second": (0.0000133334, "Lambda, arm64, a GB-second"),
    "lambda_requests": (0.20, "Lambda, a million requests"),
    "api_gateway": (3.50, "API Gateway (REST), a million requests"),
    "scheduler": (1.00, "EventBridge Scheduler, a million invocations"),
    "write": (0.625, "DynamoDB on demand, a million write units"),
    "read": (0.125, "DynamoDB on demand, a million read units"),
    "log_gb": (0.50, "CloudWatch Logs, a GB"),
    "metric": (0.30, "CloudWatch, a metric beyond ten"),
    "secret": (0.40, "Secrets Manager, a secret"),
    "secret_calls": (5.00, "Secrets Manager, a million calls"),
    "out_gb": (0.09, "Data out, a GB"),
    "arm_cpu": (0.03238, "Fargate, ARM, a CPU and hour"),
    "arm_gb": (0.00356, "Fargate, ARM, a GB and hour"),
    "x86_cpu": (0.04048, "Fargate, x86, a CPU and hour"),
    "x86_gb": (0.004445, "Fargate, x86, a GB and hour"),
    "balancer": (0.0225, "Load balancer, an hour"),
    "balancer_unit": (0.008, "Load balancer, a capacity unit (1 GB, 3000 connections, 25 new ones a second) and hour"),
    "address": (0.005, "A public address, an hour"),
    "nat": (0.045, "A NAT gateway, an hour"),
    "nat_gb": (0.045, "A NAT gateway, a GB"),
    "postgres": (0.129, "RDS, PostgreSQL, db.t4g.medium in two zones, an hour"),
    "redis": (0.032, "ElastiCache, cache.t4g.small, an hour"),
    "instance": (0.0938, "EC2 m7g.large with Managed Instances' fee of 15 %, an hour"),
}

# Name → value, kind and reason. Kinds: A an assumption, to be replaced by yours; M measured here; C counted in the code.
ASSUMPTIONS = {
    "streamed": (0.5, "A", "of the requests are streams"),
    "stream_seconds": (30, "A", "seconds of a stream"),
    "short_seconds": (1, "A", "seconds of another answer, of which the gateway's part is milliseconds"),
    "stream_kb": (300, "A", "KB of a stream: 1500 events of 200 bytes"),
    "short_kb": (5, "A", "KB of another answer"),
    "peak": (4, "A", "times the average is the busiest hour"),
    "models": (10, "A", "models, with a backend each that has a key"),
    "catalog_kb": (20, "A", "KB of catalog, read as a whole"),
    "limited": (1.0, "A", "of the requests are of callers with limits"),
    "proxy_gb": (0.125, "C", "GB of the proxy (`ProxyMemory`, 128 MB)"),
    "other_gb": (0.25, "C", "GB of the schedules' functions"),
    "schedule_seconds": (0.05, "A", "seconds of a schedule's run"),
    "schedules": (3, "C", "schedules, each minute"),
    "record_units": (6, "C", "write units of usage: a record and a row of sums in one transaction, each with an index"),
    "meter_units": (3, "C", "write units of admission and settlement, as long as the meter has 1 KB"),
    "reads": (4, "C", "read units that a process does not remember: key, user, policy, settings; and the catalog by 4 KB"),
    "log_kb": (1.6, "M", "KB of log of a request: our line, Lambda's three, the edge's"),
    "server_log_kb": (0.6, "M", "KB of log of a request to a server: our line"),
    "metrics": (20, "C", "metrics of functions and codes, and 6 of each model"),
    "secrets": (2, "C", "secrets of the gateway itself: signing keys, sealing keys"),
    "task_cpu": (0.5, "C", "CPU of a server (`TaskCpu`)"),
    "task_gb": (1, "C", "GB of a server (`TaskMemory`)"),
    "task_streams": (2000, "C", "streams of a server (`StreamsPerTask`)"),
    "tasks": (2, "C", "servers at least"),
    "cpu_ms": (5, "A", "ms of CPU of a request to a server: 2.1 are measured with limits (docs/performance.md), and events come on top"),
    "litellm_cpu": (1, "A", "CPU of a LiteLLM task, of which there are two at least; 4 GB each"),
    "litellm_rps": (125, "A", "requests a second for a CPU of LiteLLM: its own benchmark has 1036 with two machines of 4"),
}
LOADS = {"a team: 1000 a day": 1_000, "a company: 50 000 a day": 50_000, "a platform: 1 000 000 a day": 1_000_000}

P = {name: price for name, (price, _) in PRICES.items()}
A = {name: value for name, (value, _, _) in ASSUMPTIONS.items()}


def minutes_of_month():
    return HOURS * 60


class Load:
    """So many requests a day, for a month."""

    def __init__(self, a_day):
        self.requests = a_day * HOURS / 24
        self.millions = self.requests / MILLION
        self.streams = A["streamed"] * self.requests
        self.seconds = self.streams * A["stream_seconds"] + (self.requests - self.streams) * A["short_seconds"]
        # Under way at once: on average, and in the busiest hour.
        self.at_once = self.seconds / (HOURS * 3600)
        self.at_once_at_peak = self.at_once * A["peak"]
        self.per_second_at_peak = self.requests / (HOURS * 3600) * A["peak"]
        self.out_gb = (self.streams * A["stream_kb"] + (self.requests - self.streams) * A["short_kb"]) / MILLION


def books(load):
    """Usage and limits, which cost the same in both forms."""
    units = A["record_units"] + A["limited"] * A["meter_units"]
    return load.millions * units * P["write"]


def keys():
    """The secrets of gateway and backends."""
    return (A["secrets"] + A["models"]) * P["secret"]


def read_units():
    return A["reads"] + A["catalog_kb"] / 4


def idle():
    """A month of functions without requests or backends: line → price."""
    runs = A["schedules"] * minutes_of_month()
    return {
        "Signing and sealing keys": A["secrets"] * P["secret"],
        "Schedules: invocations": runs / MILLION * (P["scheduler"] + P["lambda_requests"]),
        "Schedules: duration": runs * A["schedule_seconds"] * A["other_gb"] * P["lambda_gb_second"],
        "Schedules: what they read": minutes_of_month() * (1.5 + A["catalog_kb"] / 4 / 2) / MILLION * P["read"],
        "Schedules: log": runs * 0.4 / MILLION * P["log_gb"],
    }


def functions(load):
    cold = load.requests  # a stream of 30 s outlasts what a process remembers, and a process serves one at a time
    return {
        "Keys, schedules": sum(idle().values()) + A["models"] * P["secret"],
        "API Gateway": load.millions * P["api_gateway"],
        "Lambda": load.millions * P["lambda_requests"] + load.seconds * A["proxy_gb"] * P["lambda_gb_second"],
        "Usage and limits": books(load),
        "Reads": cold / MILLION * read_units() * P["read"],
        "Logs and metrics": load.millions * A["log_kb"] * P["log_gb"] + metrics(load),
        "Data out": load.out_gb * P["out_gb"],
    }


def metrics(load):
    """Paid by the hour in which they are written, beyond ten."""
    busy = min(1.0, load.requests / HOURS / A["models"])
    return max(0, A["metrics"] + 6 * A["models"] - 10) * P["metric"] * busy


def tasks(load):
    by_streams = load.at_once_at_peak / A["task_streams"]
    by_cpu = load.per_second_at_peak * A["cpu_ms"] / 1000 / A["task_cpu"] / 0.6
    return max(A["tasks"], math.ceil(by_streams), math.ceil(by_cpu))


def balancer(load):
    units = max(load.out_gb / HOURS, load.at_once / 3000, load.requests / (HOURS * 3600) / 25)
    # An address in each of two zones.
    return HOURS * (P["balancer"] + units * P["balancer_unit"] + 2 * P["address"])


def servers(load):
    count = tasks(load)
    # Each reads everything twice a minute, and at most what is asked for.
    reads = min(load.requests, count * 2 * minutes_of_month()) * read_units()
    task = A["task_cpu"] * P["arm_cpu"] + A["task_gb"] * P["arm_gb"] + P["address"]
    return {
        "Keys": keys(),
        "Tasks": count * HOURS * task,
        "Load balancer": balancer(load),
        "Usage and limits": books(load),
        "Reads": reads / MILLION * P["read"],
        "Logs and metrics": load.millions * A["server_log_kb"] * P["log_gb"],
        "Data out": load.out_gb * P["out_gb"],
    }


def litellm(load):
    """Its container beside a relational database and a cache in two zones, in private networks."""
    cpus = max(2, math.ceil(load.per_second_at_peak / A["litellm_rps"] / 0.6)) * A["litellm_cpu"]
    return {
        "Tasks": cpus * HOURS * (P["x86_cpu"] + 4 * P["x86_gb"]),
        "Load balancer": balancer(load),
        "Database and cache": HOURS * (P["postgres"] + 2 * P["redis"]),
        "NAT": 2 * HOURS * P["nat"] + load.out_gb * P["nat_gb"],
        "Logs and metrics": load.millions * A["server_log_kb"] * P["log_gb"],
        "Keys": keys(),
        "Data out": load.out_gb * P["out_gb"],
    }


FORMS = {"functions": functions, "servers": servers, "LiteLLM": litellm}


def total(lines):
    return sum(lines.values())


def break_even():
    """Requests a day from which on servers cost less, to two digits."""
    low, high = 1, 10 * MILLION
    while high - low > 1:
        middle = (low + high) // 2
        if total(servers(Load(middle))) < total(functions(Load(middle))):
            high = middle
        else:
            low = middle
    digits = 10 ** (len(str(high)) - 2)
    return -(-high // digits) * digits


def instances_at_once():
    """Streams at once, on average, from which on three Managed Instances cost less than Lambda."""
    return 3 * P["instance"] / (3600 * A["proxy_gb"] * P["lambda_gb_second"])


def usd(amount):
    return f"{amount:,.2f}".replace(",", " ") if amount < 1000 else f"{round(amount):,}".replace(",", " ")


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return "\n".join(lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows])


def page():
    loads = {name: Load(a_day) for name, a_day in LOADS.items()}
    parts = ["## What is assumed", table(["", "", ""], [(kind, f"{value:,}".replace(",", " "), reason) for value, kind, reason in ASSUMPTIONS.values()])]
    parts += [table(["price, USD", ""], [(f"{price:.10f}".rstrip("0").rstrip("."), what) for price, what in PRICES.values()])]
    parts += ["## A month in which nobody calls", table(["functions", "USD"], [(line, usd(price)) for line, price in idle().items()] + [("**in all**", f"**{usd(total(idle()))}**")])]
    empty = Load(0)
    parts += [f"A backend with a key is 0.40 more. Servers are {usd(total(servers(empty)) - A['models'] * P['secret'])} without a request, LiteLLM {usd(total(litellm(empty)) - keys())}."]
    parts += ["## Three loads", table(["a month, USD", *FORMS], [(name, *(usd(total(form(load))) for form in FORMS.values())) for name, load in loads.items()])]
    for name, load in loads.items():
        bills = {form: bill(load) for form, bill in FORMS.items()}
        lines = list(dict.fromkeys(line for bill in bills.values() for line in bill))
        rows = [(line, *(usd(bill[line]) if line in bill else "–" for bill in bills.values())) for line in lines]
        heading = f"{name.capitalize()}: {load.at_once:.1f} under way on average, {load.at_once_at_peak:.0f} in the busiest hour, {tasks(load)} servers"
        parts += [f"**{heading}**", table(["", *FORMS], rows + [("**in all**", *(f"**{usd(total(bill))}**" for bill in bills.values()))])]
    at = break_even()
    shown = f"{at:,}".replace(",", " ")
    parts += [
        "## Where they meet",
        f"With these assumptions servers cost less from about **{shown} requests a day** on, which is **{Load(at).at_once:.0f} requests under way at once**, "
        f"on average, day and night. Three Managed Instances (`CapacityProviderArn`, {usd(3 * P['instance'] * HOURS)} a month) cost less "
        f"than Lambda's duration from {instances_at_once():.0f} at once on.",
    ]
    return "\n\n".join(parts)


def written(text):
    """The page with what this prints in its place."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{page()}\n\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(written(PAGE.read_text()))
    else:
        print(page())
