"""MLflow is asked for before a model is trained, not after."""

import pytest

from features.errors import InputError
from flows import modelling
from flows.settings import load


def test_mlflow_that_is_switched_on_and_not_installed_is_said_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="MLflow is not installed"):
        modelling.train(load(data=tmp_path, mlflow=True), None, print)
