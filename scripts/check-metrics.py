"""python check-metrics.py PAGE: checks a page of metrics in OpenMetrics' format by the parser of Prometheus' own client."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8") as file:
    families = list(text_string_to_metric_families(file.read()))
print(f"{len(families)} families")
sys.exit(0 if families else 1)
