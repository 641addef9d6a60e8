"""What the filters of a list ask, as SQL conditions on its firms."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from features.nomenclatures import mapping
from features.periods import add_months
from models.alerts import NO_ALERT
from reports.review.columns import Table, column
from reports.review.data import PublishedList
from reports.review.sql import Sql, every, one_of, parquet, select

# How many lists, the newest included, "how often on alert" looks at.
PAST_LISTS: Final = 12
YOUNG_MONTHS: Final = 36
SIREN_DIGITS: Final = 9
# A firm's name as it is searched.
PLAIN_NAME: Final = f"strip_accents(lower({column('name').expression}))"
DIVISION: Final = "listed.naf[1:2]"
# A section is a set of divisions, as the nomenclature tells.
SECTION: Final = (
    f"CASE {DIVISION} "
    + " ".join(f"WHEN '{code}' THEN '{of}'" for code, of in mapping("naf_rev2", "division", "section").items())
    + " END"
)


@dataclass(frozen=True)
class Scene:
    """What a condition may need beside the value asked.

    published: the list. reviewed: the firms with a verdict on it. followed: those with a follow-up under way.
    names: a table of its firms' names as they are searched, where one is kept.
    """

    published: PublishedList
    reviewed: Sequence[str] = ()
    followed: Sequence[str] = ()
    names: Sql | None = None


@dataclass(frozen=True)
class Condition:
    """An SQL condition, and the table that it reads beside the list."""

    sql: Sql
    table: Table = Table.LIST


def searched_number(text: str) -> str | None:
    """The digits searched, where nothing else is: a SIREN or its beginning, a SIRET, or digits of a name."""
    digits = re.sub(r"\s", "", text)
    return digits if digits.isdigit() else None


def search(text: str, scene: Scene) -> Condition:
    """Firms whose name holds every word, in any order; of a number, also those whose SIREN begins with it."""
    in_name, digits = _in_name(text, scene), searched_number(text)
    if digits is None:
        return in_name
    # The first nine digits of a SIRET are its firm's.
    by_siren = Sql("starts_with(listed.siren, ?)", (digits[:SIREN_DIGITS],))
    if len(digits) >= SIREN_DIGITS:
        return Condition(by_siren)
    either = Sql(f"({by_siren.text} OR ({in_name.sql.text}))", (*by_siren.values, *in_name.sql.values))
    return Condition(either, in_name.table)


def _in_name(text: str, scene: Scene) -> Condition:
    name = PLAIN_NAME if scene.names is None else "name"
    holds = every([Sql(f"contains({name}, strip_accents(lower(?)))", (word,)) for word in text.split()])
    if scene.names is None:
        return Condition(holds, Table.REGISTER)
    named = select(["siren"], scene.names, holds)
    return Condition(Sql(f"listed.siren IN ({named.text})", named.values))


def where(sql: str, table: Table = Table.LIST) -> Callable[[Any, Scene], Condition]:
    """A condition with the value asked behind its `?`, where it has one."""
    return lambda value, _: Condition(Sql(sql, (value,) if "?" in sql else ()), table)


def among(name: str) -> Callable[[Any, Scene], Condition]:
    """That a column or an expression is one of the values asked."""
    return lambda values, _: Condition(Sql(f"{name} IN (SELECT unnest(?))", (list(values),)))


def often_on_alert(times: int, scene: Scene) -> Condition:
    """Firms on alert in that many of the last lists, this one included."""
    last = parquet(scene.published.path, *scene.published.earlier[: PAST_LISTS - 1])
    often = select(["siren"], last, Sql("alert <> ?", (NO_ALERT,)), "GROUP BY siren HAVING count(*) >= ?")
    return Condition(Sql(f"listed.siren IN ({often.text})", (*often.values, times)))


def newly_on_alert(_: Any, scene: Scene) -> Condition:
    """Firms on alert that were not on the list before; every firm on alert of the first list."""
    conditions = [Sql("listed.alert <> ?", (NO_ALERT,))]
    for before in scene.published.earlier[:1]:
        were = select(["siren"], parquet(before), Sql("alert <> ?", (NO_ALERT,)))
        conditions.append(Sql(f"listed.siren NOT IN ({were.text})", were.values))
    return Condition(every(conditions))


def old_enough(_: Any, scene: Scene) -> Condition:
    """Firms that are not young."""
    youngest = add_months(scene.published.period, -YOUNG_MONTHS)
    return Condition(Sql("register.created_on <= ?", (youngest,)), Table.REGISTER)


def not_among(sirens: Sequence[str]) -> Condition:
    """Firms other than those."""
    among = one_of("listed.siren", sirens)
    return Condition(Sql(f"NOT ({among.text})", among.values))
