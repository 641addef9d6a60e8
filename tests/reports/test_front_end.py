"""The document that the Signaux Faibles front end imports, held against its schema."""

import json
from datetime import date
from importlib.resources import files

import jsonschema
import pandas as pd
import pytest
from scipy.special import expit

from models.alerts import Thresholds
from reports.alerting import given
from reports.exports import front_end
from reports.reasons import ReasonSettings
from reports.target_list import TargetList
from tests.records import risk_model

BASE = -3.0
ALERTED = {"social_debt": 1.5, "payment_behaviour": 0.7, "profile": -0.2}
QUIET = {"social_debt": -0.5, "payment_behaviour": 0.0, "profile": 0.1}


def document():
    themes = [ALERTED, QUIET]
    rows = pd.DataFrame(
        {
            "rank": pd.array([1, 2], dtype="Int64"),
            "siren": ["552100554", "005520176"],
            "probability": [float(expit(BASE + sum(theme.values()))) for theme in themes],
            "alert": ["high", "none"],
            "themes": themes,
            "reasons": [[{"feature": "debt", "contribution": 1.5}], []],
        }
    )
    model = risk_model(inputs=())
    found, settings = given(Thresholds(0.2, 0.1), rows), ReasonSettings({}, 5)
    return front_end(TargetList(rows, date(2024, 2, 1), model, "2401", True, BASE, settings, found))


SCHEMA = json.loads(files("reports").joinpath("front_end.schema.json").read_text(encoding="utf-8"))


def test_the_document_follows_its_schema():
    jsonschema.validate(document(), SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_shares_of_an_alert_add_up_to_its_score():
    (alerted, quiet) = document()
    assert sum(alerted["macro_expl"].values()) == pytest.approx(alerted["score"])
    assert "macro_expl" not in quiet


@pytest.mark.parametrize(
    "damage",
    [{"siren": "552"}, {"alert": "high"}, {"score": 101}, {"alert": "Pas d'alerte"}, {"macro_expl": {}}],
    ids=str,
)
def test_the_schema_refuses_what_the_front_end_can_not_read(damage):
    damaged = [{**document()[0], **damage}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(damaged, SCHEMA, cls=jsonschema.Draft202012Validator)
