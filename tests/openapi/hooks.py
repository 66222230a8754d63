"""How texts of the description's own formats look, and what no schema can say of any request."""

from datetime import UTC, datetime, timedelta

import schemathesis
from hypothesis import strategies

NOW = datetime.now(UTC)
# Times of reports are full hours, and their last is not before their first.
DAY, HOUR = "%Y-%m-%d", "%Y-%m-%dT%H:00:00Z"


def ago(days, form):
    return (NOW - timedelta(days=days)).strftime(form)


FORMATS = {
    "from": [ago(2, DAY), ago(1, HOUR)],
    "to": [ago(0, DAY), ago(0, HOUR)],
    "utc-from": [ago(91, DAY), ago(3, DAY)],
    "utc-to": [ago(2, DAY), ago(0, DAY)],
    "future-time": [ago(-1, HOUR), ago(-90, HOUR)],
    "time-zone": ["UTC", "Asia/Shanghai", "america/new_york"],
    "grouping": ["hour", "day", "model", "key", "day,model", "key,hour"],
    "person": ["somebody@example.com", "01a21f20bc927606834116ceed7b8df3"],
    "http-url": ["http://127.0.0.1:9/v1", "https://api.example.com"],
    "origin": ["https://console.example.com", "http://localhost:3000"],
    "limit-name": ["rate_limit", "token_quota_daily", "cost_quota_monthly"],
    "preset": ["vllm", "kimi"],
    "backend-key": ["sk-a", "Bearer+x/y=~!"],
    "cursor": [""],
}

for name, texts in FORMATS.items():
    schemathesis.openapi.format(name, strategies.sampled_from(texts))


def whole(value):
    """Integers without a fraction: JSON Schema takes 1.0 for one, the gateway takes 1 alone."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {name: whole(item) for name, item in value.items()}
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    """A cursor is good for the list alone that gave it, so none is sent."""
    case.body = whole(case.body)
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)
