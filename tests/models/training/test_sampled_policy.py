"""Where only some firms are read, a team's capacity is that for as many of them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.folder import DataFolder
from flows.settings import load
from models.alerts import NO_ALERT, AlertPolicy
from models.calibration.thresholds import alerts_by_period
from models.rows.reading import read_at_most
from models.training.training import context_of
from tests.economy import SHORT, made_once

AS_OF = date(2023, 6, 1)
PROTOCOL = load(**SHORT).protocol
# Alerts that only the capacity limits.
POLICY = AlertPolicy(high_lift=1, moderate_lift=1, firms_per_departement=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return DataFolder(made_once(tmp_path_factory)).snapshot().built


@pytest.mark.parametrize(("share", "firms"), [(1.0, 2), (0.9, 2), (0.5, 1), (0.01, 1)])
def test_a_capacity_is_that_of_the_share_and_never_none(share, firms):
    assert POLICY.for_share(share) == replace(POLICY, firms_per_departement=firms)
    assert AlertPolicy().for_share(share) == AlertPolicy()


def test_half_of_the_firms_have_half_of_the_alerts(made):
    def alerts_a_month(max_rows):
        context = context_of(made, AS_OF, replace(PROTOCOL, max_evaluation_rows=max_rows), POLICY)
        rows = read_at_most(made, context.split.test, max_rows)
        risks = 0.5 + np.linspace(-1e-3, 1e-3, len(rows))
        assert context.policy == POLICY
        return len(rows), float((alerts_by_period(context.sampled_policy, rows, risks) != NO_ALERT).sum())

    every, on_alert = alerts_a_month(1_000_000)
    half, on_alert_of_half = alerts_a_month(every // 2)
    assert 0.4 < half / every < 0.6
    assert 0.35 < on_alert_of_half / on_alert < 0.65
