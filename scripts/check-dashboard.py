"""python check-dashboard.py DASHBOARD: checks a dashboard of Grafana by Grafana's own types, and that its queries parse.

Reads it into the types of Grafana's SDK and writes it out again: what they do not know gets lost on the way.
"""

import json
import sys

import promql_parser
from grafana_foundation_sdk.cog import encoder, plugins
from grafana_foundation_sdk.models import dashboard

# What Grafana puts into queries before it sends them.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}


def lost(before, after, path=""):
    """Places of what is in `before` and not, or otherwise, in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [x for key in before for x in lost(before[key], after.get(key), f"{path}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [x for i, value in enumerate(before) for x in lost(value, after[i], f"{path}[{i}]")]
    return [] if before == after else [path]


def problem_of(query):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    try:
        promql_parser.parse(query)
    except ValueError as error:
        return f"{query}: {error}"
    return None


with open(sys.argv[1], encoding="utf-8") as file:
    page = json.load(file)
plugins.register_default_plugins()
read = json.loads(encoder.JSONEncoder().encode(dashboard.Dashboard.from_json(page)))
problems = [f"Grafana does not know {path}" for path in lost(page, read)]
queries = [target["expr"] for panel in page["panels"] for target in panel["targets"]]
problems += filter(None, map(problem_of, queries))
print("\n".join(problems) or f"{len(page['panels'])} panels, {len(queries)} queries")
sys.exit(1 if problems else 0)
