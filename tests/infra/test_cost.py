"""The page of costs is what its script prints, and the script agrees with the templates and with itself."""

import pathlib
import re
import sys

import pytest

import template

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "infra"))

import cost  # noqa: E402


def test_the_page_is_what_the_script_prints():
    text = cost.PAGE.read_text()
    assert cost.written(text) == text, "python3 infra/cost.py --write"


def test_assumptions_come_first():
    text = cost.page()
    assert text.startswith("## What is assumed") and all(reason in text for _, _, reason in cost.ASSUMPTIONS.values())


def test_what_it_counts_is_what_the_templates_say():
    functions, servers = template.read()["Parameters"], template.read(template.SERVER)["Parameters"]
    resources = template.deployed(template.read())
    assert cost.A["proxy_gb"] * 1024 == functions["ProxyMemory"]["Default"] == int(resources["Proxy"]["Properties"]["MemorySize"])
    assert cost.A["other_gb"] * 1024 == resources["Health"]["Properties"]["MemorySize"] == resources["Janitor"]["Properties"]["MemorySize"] == resources["Notify"]["Properties"]["MemorySize"]
    assert cost.A["task_cpu"] * 1024 == servers["TaskCpu"]["Default"] and cost.A["task_gb"] * 1024 == servers["TaskMemory"]["Default"]
    assert (cost.A["task_streams"], cost.A["tasks"]) == (servers["StreamsPerTask"]["Default"], servers["TasksAtLeast"]["Default"])
    kinds = [each["Type"] for each in resources.values()]
    assert cost.A["schedules"] == kinds.count("AWS::Scheduler::Schedule") and cost.A["secrets"] == kinds.count("AWS::SecretsManager::Secret")
    told = template.deployed(template.read(), AlarmEmail="ops@example.com")
    alarms = sum(each["Type"] == "AWS::CloudWatch::Alarm" for each in told.values())
    assert f"the stack has {alarms}" in cost.PAGE.read_text()


def test_more_requests_cost_more_in_every_form():
    for form in cost.FORMS.values():
        bills = [cost.total(form(cost.Load(a_day))) for a_day in (0, 100, 10_000, 1_000_000, 100_000_000)]
        assert bills == sorted(bills) and all(min(form(cost.Load(1000)).values()) >= 0 for _ in bills)


def test_where_forms_meet_neither_costs_more():
    at = cost.break_even()
    functions, servers = (cost.total(form(cost.Load(at))) for form in (cost.functions, cost.servers))
    assert servers <= functions < 1.1 * servers


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_readme_tells_the_same_idle_month(name):
    """A dollar, to the dollar."""
    assert round(cost.total(cost.idle())) == 1
    text = (ROOT / name).read_text()
    assert re.search("idle month costs a dollar|闲置一个月约花 1 美元", text), name
