"""Each setting with its value and where it comes from: an option, a variable, weaksignals.toml, or its default."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Final

from pydantic_settings import BaseSettings
from sqlalchemy.engine import make_url

from flows.settings import Settings
from reports.review.configuration import Configuration

FILE: Final = "weaksignals.toml"
SECRETS: Final = ("secret", "oidc_client_secret", "smtp_password", "webhook_url", "openlineage_key")


@dataclass(frozen=True)
class Told:
    """A setting. variable: what sets it in the environment; value: as text, a secret masked."""

    name: str
    variable: str
    value: str
    origin: str


def told_settings(settings: Settings, options: Mapping[str, Any]) -> Iterator[Told]:
    """The pipeline's settings, those of a section one by one. options: of the command line, None where not given."""
    file = settings.data / FILE
    in_file = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    given = {name for name, value in options.items() if value is not None}
    yield from _told(settings, in_file, given)


def told_configuration(configuration: Configuration) -> Iterator[Told]:
    """The settings of the review application."""
    yield from _told(configuration, {}, ())


def _told(settings: BaseSettings, in_file: Mapping[str, Any], given: Any) -> Iterator[Told]:
    prefix = str(settings.model_config.get("env_prefix"))
    variables = {name.upper(): value for name, value in os.environ.items() if value}
    for name in type(settings).model_fields:
        value, variable = getattr(settings, name), f"{prefix}{name.upper()}"
        if not is_dataclass(value):
            origin = "option" if name in given else _origin(variable in variables, name in in_file)
            yield Told(name, variable, _shown(name, value), origin)
            continue
        in_variable = json.loads(variables.get(variable, "{}"))
        for key, one in asdict(value).items():  # type: ignore[arg-type]  # an instance, as a setting is
            yield Told(
                f"{name}.{key}", variable, _shown(key, one), _origin(key in in_variable, key in in_file.get(name, {}))
            )


def _origin(is_variable: bool, is_in_file: bool) -> str:
    return "variable" if is_variable else FILE if is_in_file else "default"


def _shown(name: str, value: Any) -> str:
    if name in SECRETS:
        return "***" if value else ""
    if name == "database" and value:
        return make_url(value).render_as_string(hide_password=True)
    if isinstance(value, tuple | list):
        return " ".join(map(str, value))
    return str(value)
