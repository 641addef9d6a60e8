"""What MLflow is told of a registered model, in its own database, and what happens where it can't be told."""

import importlib.util
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from features.errors import InputError
from models.evaluation.records import Interval, OriginFigures, RollingOrigins
from models.explanation.contributions import booster_of
from models.registry import registry
from models.registry.tracking import EXPERIMENT, flat_metrics, flat_parameters, log_model, require_mlflow
from models.rows.inputs import Input
from tests.records import FIGURES, metrics, model_facts, risk_model

needs_mlflow = pytest.mark.skipif(
    importlib.util.find_spec("mlflow") is None, reason="MLflow is not installed: pip install weaksignals[mlflow]"
)
# MLflow 3.17 warns of the type hints of its own functions, and asks SQLAlchemy 2.1 for what that deprecates.
EXCUSED = pytest.mark.filterwarnings(
    "ignore:.*Any type hint is inferred:UserWarning", "ignore:The ``noload`` loader strategy:DeprecationWarning"
)
FACTS = model_facts()
FIRST = OriginFigures(**vars(FIGURES), test_from=date(2022, 2, 1))
METRICS = metrics(
    intervals={"auc": Interval(0.75, 0.7, 0.85)},
    protocols=replace(
        metrics().protocols,
        rolling_origins=RollingOrigins((FIRST, replace(FIRST, test_from=date(2021, 8, 1), auc=0.7)), {}),
    ),
)


@pytest.fixture(scope="module")
def model():
    x = np.random.default_rng(0).normal(size=(400, 1))
    booster = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, lgb.Dataset(x, x[:, 0] > 1), 3)
    inputs = (Input("debt", "social_debt", "EUR", 1, "debt"),)
    return risk_model(text=booster.model_to_string(), inputs=inputs, facts=FACTS)


@pytest.fixture(autouse=True)
def nobody_chose_a_server(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def registered(data, model):
    registry.save(data / "models", model, METRICS, "# card")
    return data / "models" / model.model_id


def test_nested_figures_become_flat_ones_with_their_intervals():
    flat = dict(flat_metrics(METRICS))
    assert (flat["auc"], flat["auc_low"], flat["auc_high"]) == (0.75, 0.7, 0.85)
    assert (flat["rows"], flat["high_precision"], flat["moderate_true_positives"]) == (1000, 0.75, 3)


def test_parameters_tell_protocol_data_dictionary_and_code(model):
    told = dict(flat_parameters(model))
    assert told["seed"] == 7
    assert told["hyperparameters_n_estimators"] == 200
    assert told["data_fingerprint"] == "f" * 64
    assert told["data_dictionary_version"] == "b3c5"
    assert told["code"] == "46c04f2a3348"
    assert told["data_simulated"] is True


def test_without_mlflow_the_sentence_says_how_to_have_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r'pip install "weaksignals\[mlflow\]"'):
        require_mlflow()


@needs_mlflow
@EXCUSED
def test_a_model_is_logged_once_with_its_files_and_figures_and_no_pickle(tmp_path, model):
    import mlflow

    folder = registered(tmp_path, model)
    for _ in range(2):
        assert log_model(tmp_path, folder, model, METRICS) == (
            f"The model {model.model_id} is in MLflow: sqlite:///{tmp_path / 'mlflow.db'}"
        )
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    assert run.info.run_name == model.model_id
    assert run.info.status == "FINISHED"
    assert run.data.metrics["auc_low"] == 0.7
    assert run.data.params["hyperparameters_num_leaves"] == "15"
    artifacts = tmp_path / "mlflow-artifacts" / run.info.run_id / "artifacts"
    files = {str(path.relative_to(artifacts)) for path in artifacts.rglob("*") if path.is_file()}
    assert {"figures/reliability.png", "figures/walk_forward.png", "registered/card.md"} <= files
    assert {"registered/model.txt", "registered/model.json", "registered/metrics.json"} <= files
    assert not [name for name in files if Path(name).suffix in (".pkl", ".pickle", ".joblib")]
    x = np.array([[0.0], [2.0]])
    again = lgb.Booster(model_file=artifacts / "model" / "model.lgb")
    assert (again.predict(x) == booster_of(model.text).predict(x)).all()


@needs_mlflow
@EXCUSED
def test_a_database_that_can_not_be_used_loses_no_model(tmp_path, model):
    folder = registered(tmp_path, model)
    (tmp_path / "mlflow.db").write_text("not a database, and longer than the header that SQLite looks for" * 20)
    sentence = log_model(tmp_path, folder, model, METRICS)
    assert f"The model {model.model_id} is registered, but not in MLflow" in sentence
    assert "\n" not in sentence
    assert registry.load(tmp_path / "models", model.model_id).text == model.text


@needs_mlflow
@EXCUSED
def test_a_database_of_ones_own_is_used_where_one_is_named(tmp_path, model, monkeypatch):
    other = tmp_path / "other.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    monkeypatch.chdir(tmp_path)
    assert str(other) in log_model(tmp_path / "data", registered(tmp_path, model), model, METRICS)
    with sqlite3.connect(other) as con:
        assert con.execute("select count(*) from runs where status = 'FINISHED'").fetchone() == (1,)
    con.close()
    assert not (tmp_path / "data").exists()
