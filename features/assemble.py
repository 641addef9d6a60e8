"""From dated tables to the feature table: the features of every theme, one row per firm and month. Pure functions."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from types import ModuleType
from typing import NamedTuple

import ibis
import ibis.expr.types as ir

from features import perimeter
from features.addresses import placed
from features.catalog import Feature, features_of
from features.grid import KEY, calendar, months_from
from features.insolvency import IN_BONIS
from features.known_days import columns_of, dated_sources, known_days
from features.periods import add_months
from features.procedures import state_at, states
from features.register import TODAYS, known_facts, with_facts
from features.scope import Scope
from features.themes import (
    context,
    financial_health,
    legal_life,
    payment_behaviour,
    profile,
    short_time_work,
    social_debt,
    workforce,
)
from features.windows import LOOK_BACK_MONTHS, first_of_each

THEMES: tuple[ModuleType, ...] = (
    financial_health,
    social_debt,
    short_time_work,
    payment_behaviour,
    workforce,
    legal_life,
    context,
    profile,
)
# Of which no value looks back over months: they are computed for the published months alone.
OF_THE_MONTH: tuple[ModuleType, ...] = (financial_health, legal_life, context, profile)
CATALOG: tuple[Feature, ...] = tuple(feature for theme in THEMES for feature in features_of(theme))
# Of which a column tells when their newest record of the firm became known.
DATED: tuple[str, ...] = dated_sources(CATALOG)
# Months built before the first period, and not published.
WARM_UP_MONTHS = LOOK_BACK_MONTHS
# Each rank is a window that carries all that was computed before it: many at once take longer than as many apart.
RANKS_AT_ONCE = 5

Tables = Mapping[str, ir.Table]
# By source: the first period at which any of its records was known, None where the source was never delivered.
KnownFrom = Mapping[str, date | None]
# Stores a table that is used several times.
Keep = Callable[[ir.Table], ir.Table]


def inputs_of(theme: ModuleType) -> tuple[str, ...]:
    """The tables that a theme is computed from: the parameters of its `known_values`, without the grid."""
    return tuple(inspect.signature(theme.known_values).parameters)[1:]


def numbered(table: ir.Table) -> ir.Table:
    """The table with its SIREN, where it has one, as a number: what joins and sorts by it takes a third less time."""
    return table.mutate(siren=table.siren.cast("int32")) if "siren" in table.columns else table


def written_out(table: ir.Table) -> ir.Table:
    """The table with its SIREN, a number, as nine digits again."""
    return table.mutate(siren=table.siren.cast("string").lpad(9, "0"))


def calendar_with_facts(firms: ir.Table, tables: Tables, start: date, end: date, keep: Keep) -> ir.Table:
    """The calendar of firms, SIREN `numbered`, with the headcount and the register's facts known at each period.

    Columns: siren, period, started, headcount, headcount_month, those of `register.known_facts`, and `place`, the
    address of the head office.
    """
    histories = ("legal_unit_history", "establishments", "establishment_history")
    # The register's histories make a SIRET of a SIREN: they are read as they are.
    facts = known_facts(calendar(firms, start, end), firms, *(tables[name] for name in histories))
    grid = perimeter.known_headcount(calendar(numbered(firms), start, end), numbered(tables["headcounts"]))
    grid = with_facts(grid, keep(numbered(facts)))
    places = first_of_each(placed(tables["establishments"]), ["siret"], ["listed_at", "place"])
    return grid.left_join(places.select("place", head_office="siret"), "head_office").drop("head_office_right")


def theme_table(theme: ModuleType, grid: ir.Table, tables: Tables, known_from: KnownFrom, first: date) -> ir.Table:
    """(siren, period, the theme's features): one row per row of the grid.

    What compares firms is left out: see `comparisons`. As long as one of its sources has no known record, a feature is
    null, not 0. first: the first period of the grid.
    """
    table = theme.known_values(grid, **{name: tables[name] for name in inputs_of(theme)})
    features = [feature for feature in features_of(theme) if not feature.across_firms]
    own = {f.name: _masked(f, table, known_from, first) for f in features if f.derived_from is None}
    table = table.mutate(**own)
    table = table.mutate(**{f.name: _typed(f, f.compute(table)) for f in features if f.derived_from is not None})
    return table.select(*KEY, *(feature.name for feature in features))


def _masked(feature: Feature, table: ir.Table, known_from: KnownFrom, first: date) -> ir.Value:
    value = _typed(feature, feature.compute(table))
    unknown = ibis.null(value.type())
    starts = [known_from.get(source) for source in feature.sources]
    if None in starts:
        return unknown
    since = max(start for start in starts if start is not None)
    return value if since <= first else (table.period >= ibis.literal(since)).ifelse(value, unknown)


def _typed(feature: Feature, value: ir.Value) -> ir.Value:
    # A quotient by next to nothing, which single precision does not hold, is unknown.
    return value.cast("string") if feature.is_category else value.cast("float64").try_cast("float32")


class Assembled(NamedTuple):
    """rows: one per firm and period in scope. exposure: how many firms were at risk and failed, see `context`."""

    rows: ir.Table
    exposure: ir.Table


def assemble(
    firms: ir.Table,
    tables: Tables,
    scope: Scope,
    known_from: KnownFrom,
    keep: Keep = lambda table: table,
) -> Assembled:
    """One row per firm and period in scope: features, the days of `known_days`, `procedure_state` and `in_procedure`.

    With them the columns of `register.TODAYS`, for the record of the build. The features are those of the catalogue
    without those that compare firms: see `comparisons`.
    tables: the staged records of these firms by source, `procedures`, `headcounts` and `neighbours`.
    keep: stores a table that is used several times.
    """
    warm_up = add_months(scope.start, -WARM_UP_MONTHS)
    grid = keep(calendar_with_facts(firms, tables, warm_up, scope.end, keep))
    tables = {name: numbered(table) for name, table in {**tables, "firms": firms}.items()}
    published = months_from(grid, scope.start)
    scoped = keep(_in_scope(grid, tables, scope, known_from))
    state = keep(state_at(grid, states(tables["procedures"])))
    rows = _published(scoped, scope)
    rows = keep(rows.inner_join(grid.select(*KEY, *TODAYS.values()), list(KEY)))
    # Kept apart: of the contributions, many, it reads three columns.
    told = keep(social_debt.told_from(warm_up, tables["firms"], tables["contributions"]))
    lately = {**tables, "contributions": social_debt.told_since(told, tables["contributions"])}
    for theme in THEMES:
        months, first = (published, scope.start) if theme in OF_THE_MONTH else (grid, warm_up)
        features = theme_table(theme, months, lately, known_from, first)
        rows = rows.inner_join(keep(_published(features, scope)), list(KEY))
    rows = rows.inner_join(keep(known_days(published, tables, DATED)), list(KEY))
    rows = rows.inner_join(state.rename(procedure_state="state"), list(KEY))
    exposure = context.exposure(_grouped(grid), scoped, state)
    return Assembled(written_out(rows.mutate(in_procedure=rows.procedure_state != IN_BONIS)), exposure)


def _published(table: ir.Table, scope: Scope) -> ir.Table:
    """The rows without those of the warm-up, which of the build of one month are nearly all."""
    return table.filter(table.period >= ibis.literal(scope.start))


def _grouped(grid: ir.Table) -> ir.Table:
    """The grid with the groups that a firm was known to be in; a value of today does not tell of the past."""
    told = {"naf_division": grid[TODAYS["naf"]], "departement": grid[TODAYS["departement"]]}
    known = {name: is_todays.ifelse(ibis.null("string"), grid[name]) for name, is_todays in told.items()}
    return grid.mutate(**known, size_class=profile.size_class.compute(grid))


def size_reached(tables: Tables, scope: Scope, known_from: KnownFrom) -> ir.Table | None:
    """When each firm is known to have been large enough for the scope: see `perimeter.large_enough`."""
    headcounts, accounts = (tables[n] if known_from.get(n) else None for n in ("headcounts", "financial_ratios"))
    limits = {"min_headcount": scope.min_headcount, "min_turnover": scope.min_turnover}
    return perimeter.large_enough(headcounts, accounts, **limits)


def _in_scope(grid: ir.Table, tables: Tables, scope: Scope, known_from: KnownFrom) -> ir.Table:
    return perimeter.in_scope(
        grid,
        size_reached(tables, scope, known_from),
        excluded_activities=scope.excluded_activities,
        excluded_categories=scope.excluded_categories,
        needs_place=known_from.get("establishments") is not None,
    )


def compared_columns(table: ir.Table) -> ir.Table:
    """Of rows of the feature table, the columns that `comparisons` reads."""
    ranked = dict.fromkeys(f.root for f in CATALOG if f.across_firms and f.root in table.columns)
    return table.select(*KEY, *(group.code for group in context.GROUPS), *ranked)


def comparisons(table: ir.Table, failure_rates: ir.Table) -> ir.Table:
    """(siren, period, the features that compare firms): `table` must hold all firms of its periods.

    failure_rates: of the groups of firms, see `context`.
    """
    rates = [f for f in features_of(context) if f.across_firms]
    ranks = [f for f in CATALOG if f.across_firms and f not in rates]
    some = [ranks[n : n + RANKS_AT_ONCE] for n in range(0, len(ranks), RANKS_AT_ONCE)]
    parts = [_computed(rates, context.rates_of(table, failure_rates)), *(_computed(part, table) for part in some)]
    return reduce(lambda left, right: left.inner_join(right, list(KEY)), parts)


def _computed(features: Sequence[Feature], table: ir.Table) -> ir.Table:
    return table.select(*KEY, **{f.name: _typed(f, f.compute(table)) for f in features})


def ordered(table: ir.Table) -> ir.Table:
    """The columns of the feature table: key, features in the order of the catalogue, procedure, `known_days`."""
    return table.select(*KEY, *(f.name for f in CATALOG), "in_procedure", "procedure_state", *columns_of(DATED))
