"""The map in hub/pipeline.py is true: every stage has its module, its metric and its queue."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from prometheus_client import Counter, Gauge, Histogram

from hub import metrics
from hub.pipeline import QUEUES, STAGES, Stage

LABELS = {"connector", "connection", "destination", "outcome", "reason", "stage"}
METRICS = [value for value in vars(metrics).values() if isinstance(value, Counter | Gauge | Histogram)]


def exposed() -> set[str]:
    return {line.split()[2] for line in metrics.exposition().decode().splitlines() if line.startswith("# TYPE")}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_has_its_module_metric_and_queue(stage: Stage):
    assert find_spec(stage.module) is not None
    assert stage.metric in exposed()
    assert stage.queue is None or stage.queue in QUEUES


def test_stages_and_their_metrics_are_named_once():
    assert len({stage.name for stage in STAGES}) == len({stage.metric for stage in STAGES}) == len(STAGES)


def test_no_metric_has_a_label_that_could_hold_a_person():
    used = {label for metric in METRICS for label in metric._labelnames}
    assert used - LABELS == set()
