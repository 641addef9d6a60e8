"""The small model that the tests of several rooms share: see `tests.models.small`."""

import pytest

from models.calibration.interval import RiskInterval
from models.calibration.shapes import Platt
from tests.models.small import INPUTS, drawn_sample, grown
from tests.records import model_facts, risk_model


@pytest.fixture(scope="session")
def sample():
    return drawn_sample()


@pytest.fixture(scope="session")
def booster(sample):
    return grown(sample, 0)


@pytest.fixture
def model(booster):
    text = booster.model_to_string()
    return risk_model(
        text=text,
        inputs=INPUTS,
        calibration=Platt(1.1, -0.2),
        interval=RiskInterval((-3.0, 0.0), (0.3, 0.1), 0.2),
        refits=(text,),
        facts=model_facts(dictionary={column.name: "1" for column in INPUTS}),
    )
