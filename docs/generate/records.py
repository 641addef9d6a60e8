"""Records of the code as tables: their fields, with what their docstrings say of them."""

import re
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any, get_args

from docs.generate.tables import table


def record_table(kind: Any) -> Iterator[str]:
    """A record that is written as JSON: its fields, with what its docstring says of them."""
    said = (kind.__doc__ or "").split("\n\n")[0]
    yield f"{said}\n"
    meanings = meanings_of(kind)
    rows = [(f"`{one.name}`", f"`{_type(one)}`", meanings.get(one.name, "")) for one in fields(kind)]
    yield table(("field", "type", "meaning"), rows)


def _type(field: Field[Any]) -> str:
    """As it is written in the code, without the modules that its parts come from."""
    shown = field.type.__name__ if isinstance(field.type, type) and not get_args(field.type) else str(field.type)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", shown)


def meanings_of(record: type) -> dict[str, str]:
    """Name of a field -> what the docstring of its record says of it, after `name:` or `name, other:`."""
    either = "|".join(re.escape(name) for name in _names(record))
    text = " ".join((record.__doc__ or "").split())
    parts = re.split(rf"\b((?:{either})(?:, (?:{either}))*): ", text)[1:]
    told = zip(parts[::2], parts[1::2], strict=True)
    return {name: _sentence(meaning) for names, meaning in told for name in names.split(", ")}


def _names(record: Any) -> list[str]:
    return [one.name for one in fields(record)]


def _sentence(text: str) -> str:
    text = text.strip().rstrip(";,.") + "."
    return text[0].upper() + text[1:]
