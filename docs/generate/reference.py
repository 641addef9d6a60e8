"""The reference pages: commands, settings, partners' files, the data folder, the data dictionary."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import typer.main
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from docs.generate.tables import table
from features.folder import DataFolder, FeatureTable
from features.sources import SOURCES
from features.sources.base import Column, Source
from flows.cli import app
from flows.settings import Settings
from reports import dictionary
from reports.language import Language
from reports.review.configuration import Configuration

ANY_FOLDER = Path("DATA")


def pages() -> dict[str, str]:
    """Each page by the name of its file."""
    return {
        "commands.md": commands(),
        "settings.md": settings(),
        "sources.md": sources(),
        "files.md": files(),
        "dictionary.md": dictionary.as_markdown(),
    }


def all_commands() -> Iterator[tuple[str, Any]]:
    """Every command by its full name, groups that run by themselves included, in alphabetical order."""
    yield from _below("weaksignals", typer.main.get_command(app))


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield name, command
    for part in sorted(below):
        yield from _below(f"{name} {part}", below[part])


def commands() -> str:
    """Each command with its arguments and options, as `--help` tells them."""
    parts = [
        "# Commands\n",
        "Every command says what it does with `--help`; a wrong input is one sentence and exit code 1.\n",
    ]
    for name, command in all_commands():
        parts += [f"## {name}\n", f"{command.help or ''}\n", f"```text\n{_usage(name, command)}\n```\n"]
        options = [_parameter(one) for one in command.params if not getattr(one, "hidden", False)]
        if options:
            parts.append(table(("argument or option", "default", "meaning"), options))
    return "\n".join(parts)


def _usage(name: str, command: Any) -> str:
    arguments = [_metavar(one) for one in command.params if one.param_type_name == "argument"]
    return " ".join([name, *arguments, "[OPTIONS]"])


def _metavar(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _parameter(one: Any) -> tuple[str, str, str]:
    is_option = one.param_type_name == "option"
    name = ", ".join((*one.opts, *one.secondary_opts)) if is_option else _metavar(one)
    default = "required" if one.required else "" if one.default is None or one.default is False else f"`{one.default}`"
    return f"`{name}`", default, getattr(one, "help", "") or ""


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
    nested = {}
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
        meanings = meanings_of(record.__doc__ or "")
        yield table(
            ("setting", "default", "meaning"),
            [
                (f"`{one.name}`", _shown(_default_of(one)), meanings.get(one.name, "").capitalize())
                for one in fields(record)
            ],
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


def meanings_of(docstring: str) -> dict[str, str]:
    """Name -> meaning, from the lines `name, other: meaning` of a docstring and what continues them."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.splitlines():
        start = re.match(r"\s*([a-z_0-9]+(?:, [a-z_0-9]+)*): (.+)", line)
        if start:
            names = start[1].split(", ")
            found.update(dict.fromkeys(names, start[2]))
        elif line.strip():
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
        else:
            names = []
    return found


def sources() -> str:
    """Each partner's file: how it is called, when its records are known, and its columns."""
    parts = [
        "# Partners' files\n",
        "One section per source: the names of its files in a batch, the day from which a record counts as known, and",
        "the columns that are read. Other columns are ignored. A file without a required column is refused; a line",
        "whose required cell can't be read is rejected, and kept with its reason in `rejects/`.\n",
    ]
    for source in SOURCES:
        parts += [f"## {source.name}\n", f"{source.title[0].upper()}{source.title[1:]}.\n", *_facts(source)]
        rows = [_column(name, column) for name, column in source.columns.items()]
        if source.melt:
            rows.append(_column(f"one column per month, `{source.melt.prefix}...`", source.melt.value))
        parts.append(table(("our column", "header in the file", "expected", "unit", "required"), rows))
    return "\n".join(parts)


def _facts(source: Source) -> Iterator[str]:
    yield f"- Files: {', '.join(f'`{pattern}`' for pattern in source.files)}, any case, gzipped or not."
    known = dictionary.known_words(source, Language("en"))
    yield f"- {known[0].upper()}{known[1:]}."
    kind = (
        "batches add up; the newest record of " + ", ".join(source.flow_key) + " stands"
        if source.flow_key
        else ("the newest file replaces the older ones")
    )
    yield f"- Deliveries: {kind}.\n"


def _column(name: str, column: Column) -> tuple[str, ...]:
    headers = ", ".join(f"`{header}`" for header in column.names)
    shown = name if "`" in name else f"`{name}`"
    return shown, headers, column.read.expects, column.unit, "yes" if column.required else "no"


def files() -> str:
    """What stands where in the data folder."""
    return "\n".join(
        [
            "# Data folder and list\n",
            "Everything that is made goes to the data folder (`--data`, default `./data`). One writer at a time fills",
            "it; a file or folder appears whole or not at all.\n",
            table(("place", "what it holds"), _places(DataFolder, ANY_FOLDER)),
            "## Beside the periods of the feature table\n",
            table(("place", "what it holds"), _places(FeatureTable, ANY_FOLDER / "features")),
        ]
    )


def _places(kind: Any, root: Path) -> Iterator[tuple[str, str]]:
    """The paths that a record of the data folder names, with their docstrings."""
    record = kind(root)
    for name, member in vars(kind).items():
        if isinstance(member, property) and isinstance(path := getattr(record, name), Path):
            yield f"`{path.relative_to(ANY_FOLDER)}`", (member.__doc__ or "").strip()
