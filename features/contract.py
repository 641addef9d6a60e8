"""The contract of the feature table (columns, types, key), checked on each block of periods before it is published."""

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa
from pandera.errors import SchemaError, SchemaErrors

from features.assemble import CATALOG
from features.errors import InputError
from features.grid import KEY

FEATURE_TABLE = pa.DataFrameSchema(
    {
        "siren": pa.Column(dt.String(), checks=pa.Check.str_matches(r"^\d{9}$"), nullable=False),
        "period": pa.Column(dt.Date(), nullable=False),
        **{f.name: pa.Column(dt.String() if f.is_category else dt.Float32(), nullable=True) for f in CATALOG},
        "label": pa.Column(dt.Int8(), checks=pa.Check.isin([0, 1]), nullable=True),
        "in_procedure": pa.Column(dt.Boolean(), nullable=False),
        "procedure_state": pa.Column(dt.String(), nullable=False),
    },
    unique=list(KEY),
    strict=True,
)


def check_feature_table(table: ir.Table) -> None:
    """Raise InputError where a table breaks the contract: columns, types, one row per firm and period."""
    try:
        FEATURE_TABLE.validate(table, lazy=True)
    except SchemaErrors as errors:
        # Pandera's own messages contain whole expression trees: people need the column and the rule only.
        broken = sorted({f"{_where(error)}: {error.check}" for error in errors.schema_errors})
        raise InputError(
            f"The feature table breaks its contract ({'; '.join(broken)}); nothing is published. "
            "Check the newest delivery of the sources of these columns, then report the problem."
        ) from None


def _where(error: SchemaError) -> str:
    missing = error.failure_cases if isinstance(error.failure_cases, str) else "table"
    return str(error.schema.name or missing)
