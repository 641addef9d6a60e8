"""What is filtered, as files: the columns that the user may see, with the filters used and what each column means."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

import xlsxwriter

from reports.exports import FORMULA_STARTS
from reports.review.access import Kind, Right
from reports.review.data import PublishedList, Row
from reports.review.firm import Explanation
from reports.review.listing import columns_for
from reports.review.rendering import Words
from reports.review.wording import listed_reason

# Column of the file -> its title and what it means.
COLUMNS: Final = {
    "rank": (
        "Rank",
        "Place in the list of the whole country, the firm most at risk first; none for a firm in a procedure.",
    ),
    "siren": ("SIREN", "Identifier of the firm in the national register."),
    "name": ("Name", "Name in the register; left out for people who object to publication."),
    "activity": ("Activity", "Main activity in the register (NAF)."),
    "naf": ("NAF code", "Code of the main activity."),
    "legal_form": ("Legal form", "Legal category of INSEE."),
    "commune": ("Commune", "Commune of the head office; left out for people who object to publication."),
    "departement": ("Département", "Département of the head office."),
    "region": ("Region", "Region of the head office."),
    "headcount": ("Headcount", "Last known number of employees."),
    "headcount_growth": ("Headcount over 12 months", "Change of the headcount over 12 months."),
    "alert": ("Alert", "Level of the alert: high, moderate or none."),
    "since": ("On alert since", "First list of the unbroken run of lists on alert."),
    "probability": ("Risk", "Probability that a first insolvency procedure opens within the horizon of the model."),
    "probability_low": ("Risk, low", "Lower end of the interval of the risk."),
    "probability_high": ("Risk, high", "Upper end of the interval of the risk."),
    "main_reason": ("Main reason", "What raises the risk most, among what can be said in words."),
    "debt": ("Social debt", "Contributions due to URSSAF and not paid, in euros."),
    "has_payment_plan": ("Payment plan", "Whether a payment plan with URSSAF is under way."),
    "state": ("Procedure", "State of insolvency procedure as known at the month of the list."),
    "follow_up": ("Follow-up", "Where the follow-up of the firm stands."),
}
WIDTHS: Final = {"name": 34, "activity": 40, "main_reason": 60, "legal_form": 30, "commune": 24, "region": 22}
PERCENT, EUROS, DAY = "0.0%", "# ##0", "yyyy-mm-dd"
NUMBER_FORMATS: Final = {
    **dict.fromkeys(("headcount_growth", "probability", "probability_low", "probability_high"), PERCENT),
    "debt": EUROS,
}


@dataclass(frozen=True)
class Sheet:
    """What an export is made of; said: the filters in words."""

    published: PublishedList
    right: Right
    words: Words
    said: Sequence[str]
    rows: Sequence[Row]
    follow_states: Mapping[str, str]

    @cached_property
    def columns(self) -> list[str]:
        """Those that the user may see, in the order of COLUMNS."""
        seen = {"legal_form" if name == "legal_category" else name for name in columns_for(self.right, self.published)}
        return [name for name in COLUMNS if name in seen | {"follow_up"}]

    def notices(self) -> list[str]:
        """What must be said of the list wherever it is shown."""
        said = [self.words.say("A risk, not a verdict: people decide.")]
        if self.published.is_simulated:
            said.insert(0, self.words.say("SIMULATED DATA: no firm in this list is real."))
        return said

    def cells(self, row: Row) -> dict[str, Any]:
        """A firm, typed: text, number, date, boolean or None."""
        words, hidden = self.words, row["is_protected"] and not self.right.may_see(Kind.PROTECTED_IDENTITIES)
        reason = listed_reason(row.get("main_reason"), self.right, words.language)
        made = {
            "name": words.say("(not published)") if hidden else row["name"],
            "commune": None if hidden else row["commune"],
            "legal_form": words.legal_form(row["legal_category"]),
            "alert": words.level(row["alert"]) if "alert" in row else None,
            "main_reason": reason.sentence if reason else None,
            "state": words.state(row["state"]),
            "follow_up": words.follow_state(self.follow_states.get(row["siren"])) or None,
        }
        return {name: made[name] if name in made else row.get(name) for name in self.columns}


def as_csv(sheet: Sheet) -> tuple[bytes, str]:
    """UTF-8 with a mark that spreadsheets need, semicolons as French ones expect; the last column says `simulated`."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([*(sheet.words.say(COLUMNS[name][0]) for name in sheet.columns), sheet.words.say("Simulated")])
    for row in sheet.rows:
        cells = [_safe(_plain(value)) for value in sheet.cells(row).values()]
        writer.writerow([*cells, sheet.words.say("yes" if sheet.published.is_simulated else "no")])
    return b"\xef\xbb\xbf" + out.getvalue().encode(), "text/csv; charset=utf-8"


def as_json(sheet: Sheet) -> tuple[bytes, str]:
    """The same, with what the list is."""
    head = {
        "list": sheet.published.key,
        "model_id": sheet.published.model_id,
        "simulated": sheet.published.is_simulated,
        "notices": sheet.notices(),
        "filters": list(sheet.said),
    }
    firms = [{name: _plain(value) for name, value in sheet.cells(row).items()} for row in sheet.rows]
    return json.dumps({**head, "firms": firms}, ensure_ascii=False, indent=1).encode(), "application/json"


def as_xlsx(sheet: Sheet) -> tuple[bytes, str]:
    """Typed columns, a frozen header and filters; the second sheet says what was filtered and what columns mean."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    firms, about = book.add_worksheet(sheet.words.say("Firms")), book.add_worksheet(sheet.words.say("About"))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    for place, name in enumerate(sheet.columns):
        style = book.add_format({"num_format": NUMBER_FORMATS[name]}) if name in NUMBER_FORMATS else None
        firms.set_column(place, place, WIDTHS.get(name, 14), style)
        firms.write_string(0, place, sheet.words.say(COLUMNS[name][0]), bold)
    day = book.add_format({"num_format": DAY})
    for line, row in enumerate(sheet.rows, 1):
        for place, value in enumerate(sheet.cells(row).values()):
            _write(firms, line, place, value, day)
    firms.freeze_panes(1, 3)
    firms.autofilter(0, 0, max(len(sheet.rows), 1), len(sheet.columns) - 1)
    if sheet.published.is_simulated:
        firms.set_header("&C" + sheet.notices()[0])
    about.set_column(0, 0, 34)
    about.set_column(1, 1, 100)
    for line, (left, right) in enumerate(_about(sheet)):
        about.write_string(line, 0, left, bold)
        about.write_string(line, 1, right)
    book.close()
    return out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def firm_document(sheet: Sheet, explained: Explanation) -> dict[str, Any]:
    """One firm: its columns, its reasons as sentences, and the steps of its risk where the user may see scores."""
    (row,) = sheet.rows
    document = {
        "list": sheet.published.key,
        "simulated": sheet.published.is_simulated,
        "notices": sheet.notices(),
        "firm": {name: _plain(value) for name, value in sheet.cells(row).items() if name != "follow_up"},
    }
    if not sheet.right.may_see_column("reasons"):
        return document
    steps = [{"name": s.name, "before": s.before, "after": s.after} for s in explained.steps or ()]
    reasons = [{"theme": s.theme, "sentence": s.sentence, "is_stable": s.is_stable} for s in explained.reasons]
    told = {"movement": explained.movement or None, "remedy": explained.remedy or None}
    return {**document, "mean_risk": explained.base, "steps": steps, "reasons": reasons, **told}


def _about(sheet: Sheet) -> list[tuple[str, str]]:
    words = sheet.words
    head = [("", notice) for notice in sheet.notices()]
    head += [
        (words.say("List"), sheet.published.key),
        (words.say("Model"), sheet.published.model_id),
        (words.say("Firms"), str(len(sheet.rows))),
        (words.say("Filters used"), " | ".join(sheet.said) or words.say("none")),
        ("", ""),
    ]
    return head + [(words.say(COLUMNS[name][0]), words.say(COLUMNS[name][1])) for name in sheet.columns]


def _write(sheet: Any, line: int, place: int, value: Any, day: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(line, place, value)
    elif isinstance(value, bool):
        sheet.write_boolean(line, place, value)
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001 - a day
    elif value is not None and value == value:
        sheet.write_number(line, place, value)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, float) and value != value else value


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


FORMS: Final[Mapping[str, Callable[[Sheet], tuple[bytes, str]]]] = {"xlsx": as_xlsx, "csv": as_csv, "json": as_json}
