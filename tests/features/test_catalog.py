import re

import ibis
import pytest

from features.assemble import CATALOG, THEMES, inputs_of
from features.catalog import change, feature, features_of, lag, maximum, mean, rank_in_division
from features.sources import SOURCES
from features.sources.financial_ratios import RATIOS, Ratio
from features.themes.financial_health import features_of_ratio
from tests.tables import column, table

DERIVED_INPUTS = {"headcounts", "procedures", "firms", "neighbours"}


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_every_feature_is_declared_whole(entry):
    assert entry.fr
    assert entry.en
    assert entry.fr != entry.en or entry.name == "departement"
    assert entry.definition.endswith(".")
    assert entry.unit
    assert entry.direction in (-1, 0, 1)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", entry.name)


def test_names_are_unique_and_there_are_at_least_60_over_eight_themes():
    names = [entry.name for entry in CATALOG]
    assert len(names) == len(set(names))
    assert len(names) >= 60
    assert {entry.theme for entry in CATALOG} == {
        "financial_health", "social_debt", "short_time_work", "payment_behaviour", "workforce", "legal_life", "context", "profile",
    }  # fmt: skip


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.__name__)
def test_a_feature_is_called_as_the_variable_that_holds_it(theme):
    held = {name: value.name for name, value in vars(theme).items() if value in features_of(theme)}
    assert all(name == value for name, value in held.items())


def test_sources_that_features_and_themes_name_exist():
    known = {source.name for source in SOURCES} | DERIVED_INPUTS
    assert {name for entry in CATALOG for name in entry.sources} <= known
    assert {name for theme in THEMES for name in inputs_of(theme)} <= known


def test_a_derived_column_inherits_from_its_root():
    for entry in CATALOG:
        if entry.derived_from:
            root = next(other for other in CATALOG if other.name == entry.derived_from)
            assert (entry.theme, entry.sources) == (root.theme, root.sources)
            assert root.derived_from is None


def test_each_ratio_of_the_accounts_gives_three_features():
    made = features_of_ratio(Ratio("ebitda_margin", "marge_ebe", "%", -1, "Marge d'EBE", "EBITDA margin"))
    assert [(f.name, f.unit, f.direction, f.fr, f.derived_from, f.across_firms) for f in made] == [
        ("ebitda_margin", "%", -1, "Marge d'EBE", None, False),
        ("ebitda_margin_change_1y", "%", -1, "Marge d'EBE, variation sur un an", "ebitda_margin", False),
        (
            "ebitda_margin_rank_in_division",
            "share",
            -1,
            "Marge d'EBE, rang dans la division NAF",
            "ebitda_margin",
            True,
        ),
    ]
    assert made[0].definition == "`marge_ebe` of the newest accounts known."
    assert {f.sources for f in made} == {("financial_ratios",)}


def test_the_catalogue_holds_the_features_of_every_ratio_in_the_order_of_the_table():
    names = [f.name for f in CATALOG if f.theme == "financial_health"]
    assert names[:2] == ["accounts_age", "accounts_confidential"]
    assert names[2::3] == list(RATIOS)
    assert len(names) == 2 + 3 * 19


@feature(unit="EUR", direction=+1, sources=("debts",), fr="Dette", en="Debt")
def owed(t: ibis.Table) -> ibis.Value:
    """What is owed."""
    return t.owed


@pytest.mark.parametrize(
    ("derived", "name", "values"),
    [
        (lag(owed, 2), "owed_lag_2m", [None, None, 1, None, 4]),
        (mean(owed, 3), "owed_mean_3m", [1, 1, 2.5, 5, 5]),
        (maximum(owed, 3), "owed_max_3m", [1, 1, 4, 6, 6]),
        (change(owed, 1), "owed_change_1m", [None, None, None, 2, -1]),
    ],
)
def test_derived_columns_look_back_by_months_and_skip_the_unknown(derived, name, values):
    t = table("""
        siren | period     | owed
        1     | 2024-01-01 | 1
        1     | 2024-02-01 |
        1     | 2024-03-01 | 4
        1     | 2024-04-01 | 6
        1     | 2024-05-01 | 5
    """)
    assert derived.name == name
    assert (derived.unit, derived.derived_from) == ("EUR", "owed")
    assert column(t.mutate(v=derived.compute(t)), "v") == values


def test_a_value_of_months_ago_has_no_direction():
    """Of two firms that owe as much today, the one that owed more then has repaid."""
    assert lag(owed, 2).direction == 0
    assert {mean(owed, 3).direction, maximum(owed, 3).direction, change(owed, 1).direction} == {1}


def test_a_rank_is_among_the_known_firms_of_the_division_at_that_period():
    t = table("""
        siren | period     | naf_division | owed
        1     | 2024-01-01 | 25           | 10
        2     | 2024-01-01 | 25           | 30
        3     | 2024-01-01 | 25           | 20
        4     | 2024-01-01 | 25           |
        5     | 2024-01-01 | 41           | 99
    """)
    assert column(t.mutate(v=rank_in_division(owed).compute(t)), "v") == [0, 1, 0.5, None, 0]
