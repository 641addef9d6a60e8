"""The contract of the feature table, from the catalogue; each block of periods is checked before it is published."""

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa

from features.assemble import CATALOG, DATED
from features.contract import SIREN, check
from features.grid import KEY
from features.known_days import columns_of

FEATURE_TABLE = pa.DataFrameSchema(
    {
        "siren": pa.Column(dt.String(), checks=SIREN, nullable=False),
        "period": pa.Column(dt.Date(), nullable=False),
        **{f.name: pa.Column(dt.String() if f.is_category else dt.Float32(), nullable=True) for f in CATALOG},
        "in_procedure": pa.Column(dt.Boolean(), nullable=False),
        "procedure_state": pa.Column(dt.String(), nullable=False),
        **{name: pa.Column(dt.Date(), nullable=True) for name in columns_of(DATED)},
    },
    unique=list(KEY),
    strict=True,
)


def check_feature_table(table: ir.Table) -> None:
    """Raise InputError where a table breaks the contract: columns, types, one row per firm and period."""
    check(
        FEATURE_TABLE,
        table,
        "The feature table",
        "Check the newest delivery of the sources of these columns, then report the problem.",
    )
