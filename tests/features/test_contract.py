from datetime import date

import ibis
import pandas as pd
import pytest

from features.assemble import CATALOG, DATED
from features.contract import check_staged
from features.errors import InputError
from features.known_days import columns_of
from features.sources import SOURCES
from features.sources.reading import staged_schema
from features.table_contract import check_feature_table

ROW = {
    "siren": "005520135", "period": date(2024, 1, 1), **{f.name: None for f in CATALOG},
    "in_procedure": False, "procedure_state": "in_bonis", **dict.fromkeys(columns_of(DATED)),
}  # fmt: skip
SCHEMA = {
    "siren": "string", "period": "date", **{f.name: "string" if f.is_category else "float32" for f in CATALOG},
    "in_procedure": "boolean", "procedure_state": "string", **dict.fromkeys(columns_of(DATED), "date"),
}  # fmt: skip


def rows(*changes):
    return ibis.memtable(pd.DataFrame([ROW | change for change in changes], dtype=object), schema=SCHEMA)


def test_a_sound_table_passes():
    check_feature_table(rows({}, {"siren": "552100554"}))


DEBTS = next(source for source in SOURCES if source.name == "debts")
NOTICES = next(source for source in SOURCES if source.name == "legal_notices")
STAGED = {
    **dict.fromkeys(staged_schema(DEBTS).names), "siren": "005520135", "known_at": date(2024, 1, 25),
    "batch": "2401", "file": "sigfaible_debits.csv", "line": 2,
}  # fmt: skip


def staged(**changes):
    schema = {**staged_schema(DEBTS), "batch": "string", "file": "string", "line": "int64"}
    return ibis.memtable(pd.DataFrame([STAGED | changes], dtype=object), schema=schema)


def test_sound_records_pass():
    check_staged(staged(), DEBTS, "sigfaible_debits.csv")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (staged(siren=None), "siren: not_nullable"),
        (staged(siren="5520135"), "siren: "),
        (staged(known_at=None), "known_at: not_nullable"),
        (staged(line=0), "line: "),
        (staged().drop("employer_due"), "employer_due"),
        (staged().cast({"employer_due": "string"}), "employer_due"),
        (staged().mutate(of_nobody=1), "of_nobody"),
    ],
)
def test_records_that_are_not_what_their_source_declares_are_refused_by_column(table, told):
    with pytest.raises(InputError, match=told) as refused:
        check_staged(table, DEBTS, "sigfaible_debits.csv")
    assert "contribution debts (URSSAF): what was read of sigfaible_debits.csv" in str(refused.value)


def test_only_what_could_not_be_read_is_of_no_firm():
    columns = {**staged_schema(NOTICES), "known_at": "date", "batch": "string", "file": "string", "line": "int64"}
    lines = [
        STAGED | dict.fromkeys(columns, None) | {key: STAGED[key] for key in ("known_at", "batch", "file", "line")}
    ]
    of_nobody = ibis.memtable(pd.DataFrame(lines, dtype=object)[list(columns)], schema=columns)
    check_staged(of_nobody.mutate(unlisted=ibis.literal("family of tomorrow")), NOTICES, "annonces.csv")
    with pytest.raises(InputError, match="of a firm"):
        check_staged(of_nobody, NOTICES, "annonces.csv")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (rows({}, {}), "unique"),
        (rows({"siren": "5520135"}), "siren"),
        (rows({}).mutate(label=ibis.literal(1, "int8")), "label"),
        (rows({"procedure_state": None}), "procedure_state"),
        (rows({}).drop("debt"), "debt"),
        (rows({}).cast({"debt": "float64"}), "debt"),
    ],
)
def test_a_table_that_readers_could_not_rely_on_is_refused_by_column(table, told):
    with pytest.raises(InputError, match=told):
        check_feature_table(table)
