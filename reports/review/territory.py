"""The figures of a territory as tables, each with the figures of small groups left out.

Tables of one page share figures: the whole territory, and the firms on alert of each list. A figure that one of them
leaves out is left out of all, see docs/decisions/0010-masked-not-rounded.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from features.nomenclatures import mapping
from models.alerts import HIGH, MODERATE
from reports.cells import spreadsheet_csv
from reports.review.aggregates import LARGEST_SIZE, Became, Counts
from reports.review.codes import OUTCOMES, STATES
from reports.review.masking import FEWEST, masked, masked_parts
from reports.review.words import Words

# Where one firm employs more than this share of a group, the group's employees are nearly its own (the rule of INSEE).
DOMINANT: Final = 0.85
# Text, a number, a share (float), or None for what is not told.
Cell = str | int | float | None


@dataclass(frozen=True)
class Figures:
    """A table. name: in the address of its file; rows: one per group, its name first; total: of all of them."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    total: tuple[Cell, ...] | None = None

    @property
    def all_rows(self) -> list[tuple[Cell, ...]]:
        """The rows and their total."""
        return [*self.rows, *([self.total] if self.total else [])]


def is_few(counts: Counts) -> bool:
    """Whether there are too few firms to be told of."""
    return counts.firms < FEWEST


def is_telling(counts: Counts) -> bool:
    """Whether the number on alert would tell of a few firms, or that nearly all firms of a group are on alert."""
    return counts.alerts < FEWEST or counts.firms - counts.alerts < FEWEST


def is_telling_by_level(counts: Counts) -> bool:
    """Whether the number at either level would."""
    return min(counts.high, counts.moderate) < FEWEST


def is_dominated(counts: Counts) -> bool:
    """Whether the employees would tell how many a single firm employs."""
    return counts.alerts < FEWEST or counts.largest > DOMINANT * counts.employees


def told(
    groups: Sequence[Counts], are_parts: bool = True, known: Collection[frozenset[int]] = ()
) -> list[tuple[Cell, ...]]:
    """For each group: firms, on alert, their share, high, moderate, employees; None for what is not told.

    are_parts: the groups make up a total that is told too. known: see `masked`.
    """

    def hide(is_small: Callable[[Counts], bool], already: Sequence[bool]) -> list[bool]:
        if not are_parts:
            return [is_small(group) or is_hidden for group, is_hidden in zip(groups, already, strict=True)]
        return masked(groups, is_small, Counts.total, lambda group: group.firms, already, known)

    few = hide(is_few, [False] * len(groups))
    alerts = hide(is_telling, few)
    levels, employees = hide(is_telling_by_level, alerts), hide(is_dominated, alerts)
    return [
        (
            None if few[n] else one.firms,
            *((None, None) if alerts[n] else (one.alerts, one.share)),
            *((None, None) if levels[n] else (one.high, one.moderate)),
            None if employees[n] else round(one.employees),
        )
        for n, one in enumerate(groups)
    ]


def counted(
    name: str,
    title: str,
    first: str,
    groups: Mapping[str, Counts],
    words: Words,
    are_parts: bool = True,
    known: Collection[frozenset[int]] = (),
) -> Figures:
    """Figures by group. groups: by the name of each. first: what the groups are. are_parts, known: see `told`."""
    head = (
        *(first, words.say("Firms followed by the model"), words.say("On alert"), words.say("Share on alert")),
        *(words.level(HIGH), words.level(MODERATE), words.say("Employees of firms on alert")),
    )
    found = told(list(groups.values()), are_parts, known)
    rows = [(group, *cells) for group, cells in zip(groups, found, strict=True)]
    whole = told([Counts.total(groups.values())], are_parts=False)[0]
    return Figures(name, title, head, rows, (words.say("Total"), *whole) if are_parts else None)


def by_month(months: Mapping[str, Counts], words: Words) -> Figures:
    """The firms in each list, the newest first. months: by YYYY-MM."""
    named = {words.month(key): counts for key, counts in months.items()}
    return counted("months", words.say("Alerts by month"), words.say("List"), named, words, are_parts=False)


def known_to_agents(departements: Sequence[str]) -> set[frozenset[int]]:
    """The places of the départements whose firms one agent may know: each of them, and those of each region."""
    regions = mapping("departements", "departement", "region")
    in_region: dict[str, set[int]] = {}
    for n, code in enumerate(departements):
        in_region.setdefault(regions.get(code, code), set()).add(n)
    return {*(frozenset((n,)) for n in range(len(departements))), *map(frozenset, in_region.values())}


def by_departement(groups: Mapping[str, Counts], words: Words, is_public: bool = False) -> Figures:
    """The firms of each département. is_public: agents read it who know those of theirs."""
    labels = mapping("departements", "departement", "departement_label")
    named = {
        f"{labels[code]} ({code})" if code in labels else words.say("not known"): one for code, one in groups.items()
    }
    title = words.say("Alerts by département")
    known = known_to_agents(list(groups)) if is_public else ()
    return counted("departements", title, words.say("Département"), named, words, known=known)


def by_activity(groups: Mapping[str, Counts], words: Words) -> Figures:
    """The firms of each NAF section."""
    labels = mapping("naf_rev2", "section", "section_label")
    named = {labels.get(code) or words.say("not known"): one for code, one in groups.items()}
    return counted("activities", words.say("Alerts by activity"), words.say("Activity"), named, words)


def by_size(groups: Mapping[str, Counts], words: Words) -> Figures:
    """The firms of each size class, the smallest first."""
    ordered = sorted(groups, key=lambda code: int(code.split("-")[0].rstrip("+") or -1))
    named = {_size(code, words): groups[code] for code in ordered}
    return counted("sizes", words.say("Alerts by size"), words.say("Employees"), named, words)


def _size(code: str, words: Words) -> str:
    if not code:
        return words.say("not known")
    if code == LARGEST_SIZE:
        return words.say("{number} or more", number=code.rstrip("+"))
    low, high = code.split("-")
    return words.say("{low} to {high}", low=low, high=high)


def by_follow_up(states: Mapping[str, int], whole: Counts, words: Words) -> Figures:
    """The firms on alert by where their follow-up stands. states: how many stand at each; whole: the territory."""
    parts = {words.follow_state(state): states.get(state, 0) for state in STATES}
    parts[words.say("not followed")] = whole.alerts - sum(parts.values())
    head = (words.say("Follow-up"), words.say("Firms on alert"), words.say("Share"))
    title = words.say("Follow-up of the firms on alert")
    return _shares("follow-ups", title, head, parts, words, is_hidden=is_telling(whole))


def by_outcome(found: Mapping[str, int], words: Words) -> Figures:
    """The firms whose last follow-up is closed, by what became of them. found: how many, by the code of the outcome."""
    parts = {words.say(told): found.get(code, 0) for code, told in OUTCOMES.items()}
    parts[words.say("not known")] = found.get("", 0)
    head = (words.say("Outcome"), words.say("Firms"), words.say("Share"))
    return _shares("outcomes", words.say("Outcome of closed follow-ups"), head, parts, words)


def _shares(
    name: str, title: str, head: tuple[str, ...], parts: Mapping[str, int], words: Words, is_hidden: bool = False
) -> Figures:
    """Parts of a total, each with its share of it. is_hidden: the total is not told elsewhere, and so no part is."""
    whole, counts = sum(parts.values()), list(parts.values())
    is_hidden = is_hidden or whole < FEWEST
    hidden = [True] * len(parts) if is_hidden else masked_parts(counts)
    rows = [
        (part, *((None, None) if is_left_out else (count, count / whole)))
        for (part, count), is_left_out in zip(parts.items(), hidden, strict=True)
    ]
    return Figures(name, title, head, rows, (words.say("Total"), *((None, None) if is_hidden else (whole, 1.0))))


def of_past_lists(found: Sequence[Became], months: Mapping[date, Counts], words: Words) -> Figures:
    """What became of the firms on alert of each earlier list. months: the firms of each list, as far as they go."""
    head = (
        *(words.say("List"), words.say("Firms on alert then"), words.say("A procedure opened since")),
        *(words.say("Still on alert"), words.say("No longer on alert"), words.say("No longer in the list")),
    )
    rows = [_became(one, months.get(one.period), words) for one in found]
    return Figures("past-lists", words.say("What became of past lists"), head, rows)


def _became(one: Became, then: Counts | None, words: Words) -> tuple[Cell, ...]:
    alerts = sum(one.parts)
    if alerts < FEWEST or (then and is_telling(then)):
        return (words.month(one.period), None, *(None for _ in one.parts))
    hidden = masked_parts(one.parts)
    cells = (None if is_hidden else part for part, is_hidden in zip(one.parts, hidden, strict=True))
    return (words.month(one.period), alerts, *cells)


def as_csv(figures: Figures, is_simulated: bool, words: Words) -> bytes:
    """As the spreadsheets of the reader's language read it; shares in percent."""
    simulated = words.say("yes" if is_simulated else "no")
    rows = ([*(_plain(cell, words) for cell in row), simulated] for row in figures.all_rows)
    return spreadsheet_csv([*figures.head, words.say("Simulated")], rows, words.language)


def _plain(cell: Cell, words: Words) -> Cell:
    if cell is None:
        return words.say("masked")
    return round(100 * cell, 1) if isinstance(cell, float) else cell
