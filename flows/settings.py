"""One frozen set of settings: the data folder, the perimeter, the lags, the model's protocol."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from features.errors import InputError
from features.folder import DataFolder
from features.intake import Intake
from features.scope import Engine
from features.variables import PREFIX, hint, refuse_unknown_variables
from flows.addressees import Addressees
from flows.keeping import Keeping
from flows.logs import LOG, LogFormat
from models.alerts import AlertPolicy
from models.monitoring.limits import Limits
from models.protocol import FORMER_NAMES, Hyperparameters, Protocol, Sampling
from reports.review import configuration

EXCLUDED_CATEGORIES = "4110 4120 4140 4160 7210 7220 7346 7348 7366 7373 7379 7383 7389 7410 7430 7470 7490"
EXCLUDED_ACTIVITIES = (
    "84 65 66 99 85.10Z 85.20Z 85.31Z 85.32Z 85.41Z 85.42Z 64.11Z 64.19Z 64.30Z 64.91Z 64.92Z 64.99Z "
    "94.11Z 94.12Z 94.20Z 94.91Z 94.92Z"
)
# Names of settings in version 0.1.0 that have changed since, and those of today.
FORMER: Final = {**FORMER_NAMES, "firms_promised": "min_expected_firms"}


class Settings(BaseSettings):
    """Read from `weaksignals.toml` in the data folder and from WEAKSIGNALS_* variables; unknown keys are refused."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    data: Path = Field(Path("data"), description="Folder that holds everything the pipeline makes.")
    engine: Engine = Field("duckdb", description="Where tables are computed: duckdb, or spark.")
    publish_url: str = Field(
        "", description="URL (s3://, hdfs://, file://) where the feature table, scores and lists are put as well."
    )
    spark_master: str = Field(
        "", description="URL of the Spark cluster (spark://HOST:7077, yarn, sc://HOST); SPARK_REMOTE, or this machine."
    )
    memory_gb: int = Field(6, ge=1, description="Gigabytes that the engine may use; the rest goes to disk.")
    language: str = Field("fr", pattern="^(fr|en)$", description="Language of lists and reasons: fr or en.")

    max_rejected_share: float = Field(0.05, ge=0, le=1, description="Share of bad lines above which a file is refused.")
    delivery_day: int = Field(25, ge=1, le=28, description="Day of the month on which partners deliver.")
    lags: dict[str, int] = Field(default_factory=dict, description="Source -> months after which it is known.")

    min_headcount: int = Field(10, ge=0, description="Employees that a firm must have reached to be in scope.")
    min_turnover: int = Field(
        1_000_000, ge=0, description="The same by accounts, in euros of turnover, where no headcount is delivered."
    )
    excluded_categories: tuple[str, ...] = Field(
        tuple(EXCLUDED_CATEGORIES.split()), description="Legal categories out of scope."
    )
    excluded_activities: tuple[str, ...] = Field(
        tuple(EXCLUDED_ACTIVITIES.split()), description="NAF divisions or codes out of scope."
    )
    history_months: int = Field(120, ge=1, description="Periods to build where no --start is given.")

    horizon_months: int = Field(18, ge=1, description="The label: does a first procedure open in this time?")
    validation_months: int = Field(6, ge=1, description="Calibration set, in periods.")
    test_months: int = Field(6, ge=1, description="Test set: the last labelled periods.")
    every_months: int = Field(
        3, ge=1, description="Train on one month out of this many: see benchmarks/training_choices.py."
    )
    negative_share: float = Field(1.0, gt=0, le=1, description="Share of the surviving firms to train on.")
    max_training_rows: int = Field(1_000_000, ge=1000, description="Rows above which firms are sampled for training.")
    max_evaluation_rows: int = Field(500_000, ge=1000, description="Rows above which firms are sampled for evaluation.")
    hyperparameters: Hyperparameters = Field(
        Hyperparameters(), description="Hyper-parameters of the model; `weaksignals tune` proposes better ones."
    )
    refits: int = Field(5, ge=0, description="Models refitted on resampled firms: are reasons stable?")
    origins: int = Field(3, ge=1, description="Dates of the walk-forward evaluation, the last included.")
    ablations: bool = Field(
        False, description="Train again without each source, theme and theme's directions: what does each add?"
    )
    seed: int = Field(0, description="Seed of all random draws.")
    reasons: int = Field(5, ge=1, description="Reasons given for each firm on alert.")

    log_format: LogFormat = Field(
        "text", description="How commands tell what they do: text, or json, one object a line with the run's id."
    )
    needs_prefect: bool = Field(
        False, description="Whether a run ends where Prefect's server can't be reached; else it goes on without it."
    )
    openlineage_url: str = Field("", description="Collector of OpenLineage events; a file in DATA/runs if not set.")
    openlineage_key: str = Field("", description="Our key at the collector.")
    mlflow: bool = Field(False, description="Also log each registered model in MLflow (needs the extra `mlflow`).")

    raw: Path | None = Field(None, description="Folder of the batches that are received; DATA/raw if not set.")
    inbox: Intake = Field(Intake(), description="What is asked of files that partners drop, and when a run starts.")
    alerts: AlertPolicy = Field(AlertPolicy(), description="Policy of alerts: how high a risk, and how many firms.")
    limits: Limits = Field(Limits(), description="Limits at which monitoring warns, or stops a list.")

    notify: Addressees = Field(Addressees(), description="Who is told of runs that fail, and of late sources.")
    keep: Keeping = Field(Keeping(), description="What `weaksignals gc` leaves of what nothing needs any more.")

    @field_validator("publish_url")
    @classmethod
    def _is_elsewhere(cls, url: str, info: ValidationInfo) -> str:
        place = urlsplit(url)
        if place.scheme == "file" and Path(unquote(place.path)).resolve().is_relative_to(info.data["data"].resolve()):
            raise ValueError("it is in the data folder, where runs remove what they take for leftovers. Give another")
        return url

    @property
    def protocol(self) -> Protocol:
        """How a model is trained and evaluated."""
        return Protocol(
            validation_months=self.validation_months,
            test_months=self.test_months,
            max_training_rows=self.max_training_rows,
            max_evaluation_rows=self.max_evaluation_rows,
            sampling=Sampling(self.every_months, self.negative_share),
            hyperparameters=self.hyperparameters,
            refits=self.refits,
            origins=self.origins,
            seed=self.seed,
        )

    @property
    def batches(self) -> Path:
        """The folder of the batches that are received."""
        return self.raw or self.data / "raw"

    @property
    def folder(self) -> DataFolder:
        """Where everything stands in the data folder."""
        return DataFolder(self.data)


def variables() -> frozenset[str]:
    """Every variable that may be set, those of the review application among them, without PREFIX."""
    return frozenset(map(str.upper, Settings.model_fields)) | configuration.variables()


def load(**overrides: Any) -> Settings:
    """The settings of a data folder: options (not None) win over variables, and variables over its weaksignals.toml.

    From then on, this process logs as they say.
    Raises InputError naming each key or variable that is unknown, and each impossible value.
    """
    refuse_unknown_variables(variables(), {old.upper(): new.upper() for old, new in FORMER.items()})
    given = {key: value for key, value in overrides.items() if value is not None}
    data = Path(given.get("data") or os.environ.get("WEAKSIGNALS_DATA") or "data")
    file = data / "weaksignals.toml"

    class OfFolder(Settings):
        model_config = SettingsConfigDict(toml_file=file)

        @classmethod
        def settings_customise_sources(  # type: ignore[override]  # unused sources stay unnamed
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            **_: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    try:
        found = OfFolder(**{**given, "data": data})
        LOG.format = found.log_format
        return found
    except ValidationError as error:
        problems = " ".join(map(_told, error.errors()))
        raise InputError(f"The settings are not right. {problems}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid TOML ({error}). Correct it or remove it.") from None


def _told(error: ErrorDetails) -> str:
    *parents, name = map(str, error["loc"])
    full = ".".join((*parents, name))
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"No setting is named {full}{hint(name, KNOWN[parents[0] if parents else ''], FORMER)}"
    return f"{full}: {error['msg'].removeprefix('Value error, ')}."


# Names of settings, by the table of weaksignals.toml in which they stand.
KNOWN: Final = {
    "": tuple(Settings.model_fields),
    "hyperparameters": tuple(Hyperparameters.__annotations__),
    "alerts": tuple(AlertPolicy.__annotations__),
    "limits": tuple(Limits.__annotations__),
    "keep": tuple(Keeping.__annotations__),
    "notify": tuple(Addressees.__annotations__),
    "inbox": tuple(Intake.__annotations__),
}
