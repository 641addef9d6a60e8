"""The page of settings, from the records that read them."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from docs.generate.records import meanings_of
from docs.generate.tables import table
from flows.settings import Settings
from reports.review.configuration import Configuration


def settings() -> str:
    """Each setting with its variable, its default and its meaning."""
    return "\n".join(
        [
            "# Settings\n",
            "A setting stands in `weaksignals.toml` in the data folder or in an environment variable; the command line",
            "wins over the variable, and the variable over the file. Unknown keys are refused.\n",
            "## The pipeline\n",
            *_settings_of(Settings),
            "## The review application\n",
            "Environment variables only.\n",
            *_settings_of(Configuration),
        ]
    )


def _settings_of(settings_class: type[BaseSettings]) -> Iterator[str]:
    prefix = settings_class.model_config["env_prefix"]
    nested: dict[str, Any] = {}
    rows = []
    for name, field in settings_class.model_fields.items():
        default = _default(field)
        if is_dataclass(default):
            nested[name] = type(default)
        rows.append(
            (
                f"`{name}`",
                f"`{prefix}{name.upper()}`",
                f"see below, `[{name}]`" if name in nested else _shown(default),
                field.description or "",
            )
        )
    yield table(("setting", "variable", "default", "meaning"), rows)
    for name, record in nested.items():
        yield f"### [{name}]\n"
        yield f"A section of `weaksignals.toml`; as a variable, a JSON object in `{prefix}{name.upper()}`.\n"
        meanings = meanings_of(record)
        yield table(
            ("setting", "default", "meaning"),
            [(f"`{one.name}`", _shown(_default_of(one)), meanings.get(one.name, "")) for one in fields(record)],
        )


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    return "" if value is PydanticUndefined else value


def _default_of(field: Field[Any]) -> Any:
    return "" if field.default is MISSING else field.default


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        value = " ".join(map(str, value))
    return f"`{value:.4g}`" if isinstance(value, float) else f"`{value}`" if str(value) not in ("", "{}") else "empty"
