"""Contracts of tables: columns, types, values, key. A table is checked before it is published; those of staged records.

The contract of staged records follows from the declaration of their source.
"""

from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa
from pandera.errors import SchemaError, SchemaErrors

from features.errors import InputError
from features.sources.reading import staged_schema
from features.sources.source import Source

# The form of a SIREN.
FORM = r"^\d{9}$"
SIREN = pa.Check.str_matches(FORM)


def staged_contract(source: Source) -> pa.DataFrameSchema:
    """What the staged records of a source are: its columns, typed, of a firm, with where they stood and since when."""
    columns = {name: pa.Column(dtype, nullable=True) for name, dtype in staged_schema(source).items()}
    # A record that can't be read is of no firm: it is staged to be counted.
    is_read = pa.Check(
        lambda data: data.table.siren.notnull() | data.table[source.unlisted].notnull(), name="of a firm"
    )
    return pa.DataFrameSchema(
        {
            **columns,
            "siren": pa.Column(dt.String(), checks=SIREN, nullable=bool(source.unlisted)),
            "known_at": pa.Column(dt.Date(), nullable=False),
            **{name: pa.Column(dt.String(), nullable=False) for name in ("batch", "file")},
            "line": pa.Column(dt.Int64(), checks=pa.Check.ge(1), nullable=False),
        },
        checks=[is_read] if source.unlisted else [],
        strict=True,
    )


def check_staged(table: ir.Table, source: Source, file: str) -> None:
    """Raise InputError where the records staged of a file break the contract of their source."""
    check(
        staged_contract(source),
        table,
        f"{source.title}: what was read of {file}",
        "This is a fault of the program, not of the file: report it, with the file's header.",
    )


def check(contract: Any, table: Any, what: str, remedy: str) -> None:
    """Raise InputError where a table breaks a contract of pandera, by column and rule.

    what: names the table. remedy: what to do, as a sentence.
    """
    try:
        contract.validate(table, lazy=True)
    except SchemaErrors as errors:
        # Pandera's own messages contain whole expression trees: people need the column and the rule only.
        broken = sorted({f"{_where(error)}: {_rule(error)}" for error in errors.schema_errors})
        raise InputError(f"{what} breaks its contract ({'; '.join(broken)}); nothing is published. {remedy}") from None


def _rule(error: SchemaError) -> str:
    rule = error.check
    return str(rule if isinstance(rule, str) else rule.error or rule.name)


def _where(error: SchemaError) -> str:
    missing = error.failure_cases if isinstance(error.failure_cases, str) else "table"
    return str(error.schema.name or missing)
