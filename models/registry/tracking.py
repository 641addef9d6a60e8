"""A registered model in MLflow too: parameters, metrics, figures, files; in a SQLite database of the data folder."""

import importlib.util
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.errors import InputError
from models.calibration.reliability import ReliabilityPoint
from models.evaluation.records import Metrics, OriginFigures
from models.explanation.contributions import booster_of
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel

EXPERIMENT = "weaksignals"
MODEL_ID = "model_id"
FIGURE_INCHES = (6, 4)


def require_mlflow() -> None:
    """Raise InputError where MLflow is not installed: better before a model is trained than after."""
    if importlib.util.find_spec("mlflow") is None:
        raise InputError(
            'MLflow is not installed. Install it with: pip install "weaksignals[mlflow]", or set: mlflow = false'
        )


def log_model(data: Path, folder: Path, model: RiskModel, metrics: Metrics) -> str:
    """Log a registered model once; a sentence: where it is, or why it is not there.

    data: holds `mlflow.db` and `mlflow-artifacts`, used unless MLFLOW_TRACKING_URI names a server or another database.
    folder: of the registered model. It never raises, since the model is registered already.
    """
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    uri = chosen or f"sqlite:///{(data / 'mlflow.db').resolve()}"
    artifacts = None if chosen else (data / "mlflow-artifacts").resolve().as_uri()
    try:
        _log(uri, artifacts, folder, model, metrics)
    # A server, a database, a full disk, a package: whatever it is, it is not worth a model.
    except Exception as error:
        what = f"{type(error).__name__}: {error}".partition("\n")[0]
        return (
            f"The model {model.model_id} is registered, but not in MLflow at {uri} ({what}). "
            "Once that works, train again: equal data and seed give the same model."
        )
    return f"The model {model.model_id} is in MLflow: {uri}"


def _log(uri: str, artifacts: str | None, folder: Path, model: RiskModel, metrics: Metrics) -> None:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Imported here: it takes seconds, starts to report home unless told not to before, and few switch it on.
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A client of its own: MLflow's global one would leave its address to whatever is logged next.
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT, artifacts)
    if client.search_runs([experiment], f"tags.{MODEL_ID} = '{model.model_id}' and attributes.status = 'FINISHED'"):
        return
    run = client.create_run(experiment, tags={MODEL_ID: model.model_id}, run_name=model.model_id).info.run_id
    try:
        _fill(client, run, folder, model, metrics)
    except BaseException:
        client.set_terminated(run, "FAILED")
        raise
    client.set_terminated(run)


def _fill(client: Any, run: str, folder: Path, model: RiskModel, metrics: Metrics) -> None:
    import mlflow.lightgbm

    for name, value in flat_parameters(model):
        client.log_param(run, name, value)
    for name, value in flat_metrics(metrics):
        client.log_metric(run, name, value)
    for name, figure in _figures(metrics).items():
        client.log_figure(run, figure, f"figures/{name}.png")
    client.log_artifacts(run, str(folder.resolve()), "registered")
    with tempfile.TemporaryDirectory() as scratch:
        # MLflow stores a booster as LightGBM's own text, not as a pickle. Named packages spare it looking for them.
        packages = [f"lightgbm=={model.facts.versions['lightgbm']}"]
        mlflow.lightgbm.save_model(booster_of(model.text), f"{scratch}/model", pip_requirements=packages)
        client.log_artifacts(run, f"{scratch}/model", "model")


def flat_metrics(metrics: Metrics) -> Iterator[tuple[str, float]]:
    """The metrics of the model on its test rows (`high_precision`), and their intervals (`auc_low`, `auc_high`)."""
    for name, value in _flat(asdict(metrics.models[LIGHTGBM])):
        yield name, float(value)
    for name, interval in metrics.intervals.items():
        yield from ((f"{name}_low", interval.low), (f"{name}_high", interval.high))


def flat_parameters(model: RiskModel) -> Iterator[tuple[str, Any]]:
    """The protocol with its hyper-parameters, and what the model was made of: data, dictionary, code, versions."""
    facts = asdict(model.facts)
    yield from _flat(facts["protocol"])
    yield from _flat({name: facts[name] for name in ("as_of", "horizon", "n_estimators", "code", "split", "versions")})
    for name in ("fingerprint", "dictionary_version", "simulated", "batch"):
        yield f"data_{name}", facts["data"][name]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _figures(metrics: Metrics) -> dict[str, Any]:
    """Name -> matplotlib figure; MLflow brings matplotlib."""
    return {
        "reliability": _reliability(metrics.calibration.points),
        "walk_forward": _walk_forward(metrics.protocols.rolling_origins.origins),
    }


def _reliability(points: Sequence[ReliabilityPoint]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    axes = figure.subplots()
    promised = [point.mean_probability for point in points]
    axes.vlines(promised, [point.low for point in points], [point.high for point in points])
    axes.plot(promised, [point.observed_rate for point in points], "o")
    axes.axline((0, 0), slope=1, color="grey", linewidth=1)
    axes.set(xlabel="mean probability", ylabel="observed failure rate (95 %)", title="Reliability on the test rows")
    return figure


def _walk_forward(origins: Sequence[OriginFigures]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=FIGURE_INCHES, layout="constrained")
    axes = figure.subplots()
    ordered = sorted(origins, key=lambda origin: origin.test_from)
    months = [origin.test_from.isoformat() for origin in ordered]
    axes.plot(months, [origin.auc for origin in ordered], "o-", label="AUC")
    axes.plot(months, [origin.average_precision for origin in ordered], "o-", label="average precision")
    axes.set(xlabel="tested from", ylim=(0, 1), title="Walk-forward")
    axes.legend()
    return figure
