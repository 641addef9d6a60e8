"""A hash of the SIREN that is the same on every engine: it deals firms into buckets, samples and test sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Knuth's multiplicative hash: a hash is below HASHES, and firms are spread evenly over the hashes.
MULTIPLIER: Final = 2_654_435_761
HASHES: Final = 2**32


def firm_hash(siren: ir.StringValue) -> ir.IntegerValue:
    """A whole number from 0 to HASHES - 1 for each SIREN, in a table of DuckDB or Spark."""
    return siren.cast("int64") * MULTIPLIER % HASHES
