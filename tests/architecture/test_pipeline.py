"""The map in hub/pipeline.py is true: every stage has its module, its metric and its queue."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from prometheus_client import Counter, Gauge, Histogram

from hub import metrics
from hub.pipeline import QUEUES, STAGES, Stage

LABELS = {"connector", "connection", "destination", "outcome", "reason", "stage", "state"}
METRICS = [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def exposed() -> set[str]:
    lines = metrics.exposition(metrics.registry()).decode().splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE")}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_has_its_module_metric_and_queue(stage: Stage):
    assert find_spec(stage.module) is not None
    assert stage.metric in exposed()
    assert stage.queue is None or stage.queue in QUEUES


def test_stages_and_their_metrics_are_named_once():
    assert len({stage.name for stage in STAGES}) == len({stage.metric for stage in STAGES}) == len(STAGES)


def test_no_metric_has_a_label_that_could_hold_a_person():
    used = {label for metric in METRICS for label in metric._labelnames}
    gauges = [value for value in vars(metrics).values() if isinstance(value, metrics.StateGauge)]
    used |= {label for gauge in gauges for label in gauge.labels}
    assert used - LABELS == set()


def test_a_gauge_is_read_from_the_rows_and_never_left_at_a_nought_nobody_counted():
    assert [metric for metric in METRICS if isinstance(metric, Gauge)] == []
