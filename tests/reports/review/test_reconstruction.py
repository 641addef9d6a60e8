"""Whoever takes all tables of a page together finds no figure that is masked in one of them."""

import random
from collections import Counter
from datetime import date

import numpy as np
import pytest
from scipy.optimize import linprog

from reports.language import Language
from reports.review import territory
from reports.review.aggregates import Became, Counts
from reports.review.masking import FEWEST
from reports.review.words import Words

WORDS = Words(Language("en"))
DEPARTEMENTS, SECTIONS, SIZES = ("22", "29", "35", "56", "75", "69"), ("C", "G", "F"), ("10-19", "20-49", "50-99")
MONTHS = (date(2024, 2, 1), date(2024, 1, 1))
COLUMNS = ("firms", "alerts", "high", "moderate", "employees")
STATES = ("to_contact", "visited", "closed")
# Where a figure tells of a few firms, rather than of those that it is masked with.
SMALL = {
    "firms": territory.is_few,
    "alerts": territory.is_telling,
    "high": territory.is_telling_by_level,
    "moderate": territory.is_telling_by_level,
}


class System:
    """Linear equations between figures: what a reader with a spreadsheet knows."""

    def __init__(self):
        self.places, self.equations = {}, []

    def holds(self, terms, value=0.0):
        """The sum of these (figure, factor) is that value."""
        for name, _ in terms:
            self.places.setdefault(name, len(self.places))
        self.equations.append((terms, value))

    def range_of(self, name):
        """The least and the most that a figure can be: none is below 0."""
        left = np.zeros((len(self.equations), len(self.places)))
        for n, (terms, _) in enumerate(self.equations):
            for term, factor in terms:
                left[n, self.places[term]] += factor
        right = [value for _, value in self.equations]
        goal = np.zeros(len(self.places))
        goal[self.places[name]] = 1
        ends = [linprog(sign * goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs") for sign in (1, -1)]
        assert all(end.status in (0, 3) for end in ends)
        return ends[0].fun, -ends[1].fun if ends[1].status == 0 else np.inf


def drawn(seed, firms):
    """Firms with their place, activity, size and alert, most of them in a few groups."""
    draw = random.Random(seed)  # noqa: S311
    return [
        (
            draw.choices(DEPARTEMENTS, (1, 3, 20, 4, 30, 2))[0],
            draw.choices(SECTIONS, (10, 5, 1))[0],
            draw.choices(SIZES, (10, 3, 1))[0],
            draw.choices(("high", "moderate", "none"), (2, 3, draw.choice((1, 10))))[0],
            draw.choice((10, 20, 400)),
        )
        for _ in range(firms)
    ]


def counts(firms):
    on_alert = [one[4] for one in firms if one[3] != "none"]
    levels = Counter(one[3] for one in firms)
    return Counts(len(firms), levels["high"], levels["moderate"], float(sum(on_alert)), float(max(on_alert, default=0)))


def grouped(firms, place):
    return {key: counts([one for one in firms if one[place] == key]) for key in sorted({one[place] for one in firms})}


def page(seed, is_public):
    """The tables of a page, by the names of their rows, and the true figures behind them."""
    draw = random.Random(seed)  # noqa: S311
    firms = drawn(seed, draw.choice((300, 800) if is_public else (12, 30, 80, 200)))
    before = drawn(seed + 1, draw.choice((10, 40, 200)))
    groups = [grouped(firms, place) for place in range(3)]
    months = dict(zip(MONTHS, (counts(firms), counts(before)), strict=True))
    states = Counter(draw.choices(STATES, k=draw.randint(0, months[MONTHS[0]].alerts)))
    then = months[MONTHS[1]].alerts
    cuts = sorted(draw.randint(0, then) for _ in range(3))
    became = Became(MONTHS[1], cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], then - cuts[2])
    tables = [
        territory.by_month({f"{day:%Y-%m}": one for day, one in months.items()}, WORDS),
        territory.by_departement(groups[0], WORDS, is_public),
        territory.by_activity(groups[1], WORDS),
        territory.by_size(groups[2], WORDS),
        territory.by_follow_up(states, months[MONTHS[0]], WORDS),
        territory.of_past_lists([became], months, WORDS),
    ]
    return tables, groups, months, became, states


def known_of(tables):
    """What the tables say together, as equations; the masked figures."""
    system, masked = System(), []

    def told(name, value):
        if value is None:
            masked.append(name)
            system.places.setdefault(name, len(system.places))
        else:
            system.holds([(name, 1)], float(value))

    by_month, *dimensions, followed, past = tables
    for row in by_month.rows:
        month = "now" if row is by_month.rows[0] else "then"
        for column, value in zip(COLUMNS, (row[1], row[2], *row[4:]), strict=True):
            told((month, column), value)
    for table in dimensions:
        for row in (*table.rows, table.total):
            name = "now" if row is table.total else (table.name, row[0])
            for column, value in zip(COLUMNS, (row[1], row[2], *row[4:]), strict=True):
                told((name, column), value)
            system.holds([((name, "high"), 1), ((name, "moderate"), 1), ((name, "alerts"), -1)])
            # Those without alert are not fewer than none.
            system.holds([((name, "alerts"), 1), ((name, "others"), 1), ((name, "firms"), -1)])
        for column in COLUMNS:
            parts = [(((table.name, row[0]), column), 1) for row in table.rows]
            system.holds([*parts, (("now", column), -1)])
    for row in followed.rows:
        told((followed.name, row[0]), row[1])
    told(("now", "alerts"), followed.total[1])
    system.holds([*(((followed.name, row[0]), 1) for row in followed.rows), (("now", "alerts"), -1)])
    for row in past.rows:
        told(("then", "alerts"), row[1])
        for n, value in enumerate(row[2:]):
            told((past.name, n), value)
        system.holds([*(((past.name, n), 1) for n in range(len(row) - 2)), (("then", "alerts"), -1)])
    return system, list(dict.fromkeys(masked))


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_no_masked_figure_follows_from_all_tables_of_a_page_together(seed):
    system, masked = known_of(page(seed, is_public=False)[0])
    for name in masked:
        least, most = system.range_of(name)
        assert most - least >= FEWEST - 1, (name, least, most)


def test_some_of_these_pages_mask_something_and_tell_something():
    found = [known_of(page(seed, is_public=False)[0]) for seed in range(0, 40, 2)]
    assert sum(bool(masked) for _, masked in found) > 10
    assert sum(any(value for _, value in system.equations) for system, _ in found) > 10


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_an_agent_who_knows_their_region_finds_no_masked_figure_of_another_on_the_public_page(seed):
    tables, (groups, *_), *_ = page(seed, is_public=True)
    system, masked = known_of(tables)
    names = dict(zip(groups, (row[0] for row in tables[1].rows), strict=True))
    bretagne = [code for code in ("22", "29", "35", "56") if code in groups]
    for code in bretagne:
        for column in SMALL:
            system.holds([((("departements", names[code]), column), 1)], float(getattr(groups[code], column)))
    small = {
        (("departements", names[code]), column)
        for code, group in groups.items()
        for column, is_small in SMALL.items()
        if code not in bretagne and is_small(group)
    }
    assert small <= set(masked)
    for name in small:
        least, most = system.range_of(name)
        assert most - least >= FEWEST - 1, (name, least, most)


def test_what_is_too_telling_in_one_table_is_left_out_of_the_others():
    """All firms but three are on alert: their number is told nowhere."""
    months = {MONTHS[0]: Counts(20, 9, 8, 300.0, 20.0), MONTHS[1]: Counts(20, 9, 8, 300.0, 20.0)}
    followed = territory.by_follow_up({"visited": 7}, months[MONTHS[0]], WORDS)
    past = territory.of_past_lists([Became(MONTHS[1], 6, 11, 0, 0)], months, WORDS)
    assert {cell for row in followed.all_rows for cell in row[1:]} == {None}
    assert {cell for row in past.rows for cell in row[1:]} == {None}
