"""What is filtered, as files: the columns that the user may see, with the filters used and what each column means."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

from reports.alerting import given_sentences
from reports.cells import SPREADSHEET, spreadsheet_csv
from reports.freshness import older_data
from reports.language import Language
from reports.review.access import Kind, Right
from reports.review.columns import PROTECTED, Column, in_files
from reports.review.data import PublishedList, Row
from reports.review.firm import Explanation
from reports.review.words import Words
from reports.spreadsheet import About, workbook

HEAD_STYLE: Final = {"text_wrap": True, "valign": "top"}


@dataclass(frozen=True)
class Export:
    """What an export is made of; said: the filters in words; rows: with `follow_up` where it is told."""

    published: PublishedList
    right: Right
    words: Words
    said: Sequence[str]
    rows: Sequence[Row]

    @cached_property
    def columns(self) -> list[Column]:
        """Those that the user may see."""
        return in_files(self.right, self.published)

    @property
    def titles(self) -> list[str]:
        """What each column is called."""
        return [column.title.told(self.words.language) for column in self.columns]

    def notices(self) -> list[str]:
        """What must be said of the list wherever it is shown."""
        said = [self.words.say("The list signals a risk, not a verdict: people decide.")]
        said += older_data(self.published.older, self.words.language)
        if self.published.is_simulated:
            said.insert(0, self.words.say("SIMULATED DATA: no firm in this list is real."))
        return said

    def cells(self) -> Iterator[dict[str, Any]]:
        """Each firm, typed: text, number, date, boolean or None; who objects to publication is not named."""
        names = [column.name for column in self.columns]
        # By column: a country's list is a million cells, and a code is put into words once.
        by_column = (
            column.typed_all((row.get(column.name) for row in self.rows), self.words, self.right)
            for column in self.columns
        )
        hidden: dict[str, Any] = {column.name: None for column in self.columns if column.is_identity}
        hidden |= {"name": self.words.say("(not published)")}
        shows_all = self.right.may_see(Kind.PROTECTED_IDENTITIES)
        for row, cells in zip(self.rows, zip(*by_column, strict=True), strict=True):
            told = dict(zip(names, cells, strict=True))
            yield told if shows_all or not row[PROTECTED] else told | hidden


def told_alerts(published: PublishedList, right: Right, language: Language) -> list[str]:
    """The policy of the list's alerts and what it gave, to whoever may see scores; nothing of a list that had none."""
    if published.given is None or not right.may_see(Kind.SCORES):
        return []
    return list(given_sentences(published.given, language))


def as_csv(export: Export) -> tuple[bytes, str]:
    """As the spreadsheets of the user's language read it; the last column says `simulated`."""
    is_simulated = export.words.say("yes" if export.published.is_simulated else "no")
    rows = ([*cells.values(), is_simulated] for cells in export.cells())
    return spreadsheet_csv([*export.titles, export.words.say("Simulated")], rows, export.words.language), SPREADSHEET


def as_json(export: Export) -> tuple[bytes, str]:
    """The same, with what the list is."""
    head = {
        "list": export.published.key,
        "model_id": export.published.model_id,
        "simulated": export.published.is_simulated,
        "notices": export.notices(),
        "alerts": told_alerts(export.published, export.right, export.words.language),
        "filters": list(export.said),
    }
    firms = [{name: _plain(value) for name, value in cells.items()} for cells in export.cells()]
    return json.dumps({**head, "firms": firms}, ensure_ascii=False, indent=1).encode(), "application/json"


def as_xlsx(export: Export) -> tuple[bytes, str]:
    """A workbook whose second sheet says what was filtered and what the columns mean."""
    content = workbook(
        export.words.say("Firms"),
        export.columns,
        export.titles,
        [cells.values() for cells in export.cells()],
        About(export.words.say("About"), _about(export), (34, 100)),
        export.notices()[0] if export.published.is_simulated else "",
        head_style=HEAD_STYLE,
    )
    return content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def firm_document(export: Export, explained: Explanation) -> dict[str, Any]:
    """One firm: its columns, its reasons as sentences, and the effects of themes where the user may see scores."""
    (cells,) = export.cells()
    read = {column.name for column in export.columns if column.table}
    document = {
        "list": export.published.key,
        "simulated": export.published.is_simulated,
        "notices": export.notices(),
        "firm": {name: _plain(value) for name, value in cells.items() if name in read},
    }
    if not export.right.may_see(Kind.SCORES):
        return document
    found = [{"name": effect.name, "change": effect.change} for effect in explained.effects or ()]
    reasons = [{"theme": s.theme, "sentence": s.sentence, "is_stable": s.is_stable} for s in explained.reasons]
    told = {"movement": explained.movement or None, "counterfactual": explained.counterfactual or None}
    return {**document, "mean_risk": explained.mean_risk, "effects": found, "reasons": reasons, **told}


def _about(export: Export) -> list[tuple[str, str]]:
    words = export.words
    alerts = told_alerts(export.published, export.right, words.language)
    head = [("", sentence) for sentence in (*export.notices(), *alerts)]
    head += [
        (words.say("List"), export.published.key),
        (words.say("Model"), export.published.model_id),
        (words.say("Firms"), str(len(export.rows))),
        (words.say("Filters used"), " | ".join(export.said) or words.say("none")),
        ("", ""),
    ]
    means = [(column.title.told(words.language), column.meaning.told(words.language)) for column in export.columns]
    return head + means


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


FORMS: Final[Mapping[str, Callable[[Export], tuple[bytes, str]]]] = {"xlsx": as_xlsx, "csv": as_csv, "json": as_json}
