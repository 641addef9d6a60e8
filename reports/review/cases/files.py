"""Follow-ups as files: a workbook, and a calendar (RFC 5545). Neither holds notes or contacts: they leave the tool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from icalendar import Alarm, Calendar, Event

from reports.list_columns import LIST_COLUMNS, Format, ListColumn, Text
from reports.review.access import Right
from reports.review.cases.listing import Followed, name_outside
from reports.review.cases.records import said_of
from reports.review.cases.wording import told
from reports.review.codes import FIELDS
from reports.review.words import Words
from reports.spreadsheet import About, workbook

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CALENDAR: Final = "text/calendar; charset=utf-8"
INSIDE_ONLY: Final = ("contacts",)
HEAD_STYLE: Final = {"text_wrap": True, "valign": "top"}
# The day before, in the morning of the calendar's owner.
REMINDED: Final = timedelta(hours=-15)
COLUMNS: Final[tuple[ListColumn, ...]] = (
    *(LIST_COLUMNS[name] for name in ("siren", "name", "departement")),
    ListColumn(
        name="opened_on",
        title=Text("Opened on", "Ouvert le"),
        meaning=Text("Day on which the follow-up was opened.", "Jour de l'ouverture du suivi."),
        format=Format.DAY,
    ),
    *(field for field in FIELDS if field.name not in INSIDE_ONLY),
)


@dataclass(frozen=True)
class Files:
    """Follow-ups to write for a user. said: what was selected, in words; address: of the application, blank if unknown.

    made_at: the instant that the calendar says it was made at.
    """

    found: Sequence[Followed]
    right: Right
    words: Words
    said: str
    is_simulated: bool
    address: str
    made_at: datetime

    @property
    def notices(self) -> list[str]:
        """What must be said wherever they are shown."""
        simulated = [self.words.say("SIMULATED DATA: no firm in this list is real.")] if self.is_simulated else []
        return [*simulated, self.words.say("Confidential: for the agents in charge of these firms only.")]


def as_xlsx(files: Files) -> bytes:
    """A workbook, one row per follow-up, whose second sheet says what the columns mean."""
    words = files.words
    titles = [column.title.told(words.language) for column in COLUMNS]
    means = [(title, column.meaning.told(words.language)) for title, column in zip(titles, COLUMNS, strict=True)]
    head = [("", sentence) for sentence in files.notices] + [(words.say("Selection"), files.said), ("", "")]
    return workbook(
        words.say("Follow-ups"),
        COLUMNS,
        titles,
        [_cells(one, files).values() for one in files.found],
        About(words.say("About"), head + means, (34, 100)),
        files.notices[0] if files.is_simulated else "",
        head_style=HEAD_STYLE,
    )


def _cells(one: Followed, files: Files) -> dict[str, Any]:
    last, words = one.follow_up.last, files.words
    cells: dict[str, Any] = {
        "siren": one.firm["siren"],
        "name": name_outside(one.firm, files.right, words),
        "departement": one.firm["departement"],
        "opened_on": one.follow_up.case.at.date(),
    }
    for name, value in said_of(last).items():
        if name not in INSIDE_ONLY:
            cells[name] = value if isinstance(value, date) else told(name, value, words) or None
    return cells


def as_calendar(files: Files) -> bytes:
    """The next dates, each a day, with a reminder. Read again, a calendar knows what it holds already."""
    calendar = Calendar()
    calendar.add("prodid", "-//weaksignals//follow-ups//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", files.words.say("Follow-ups"))
    for one in files.found:
        if one.follow_up.last.next_on is not None:
            calendar.add_component(_event(one, files, one.follow_up.last.next_on))
    return bytes(calendar.to_ical())


def _event(one: Followed, files: Files, day: date) -> Event:
    last, words = one.follow_up.last, files.words
    name = name_outside(one.firm, files.right, words)
    title = f"{name}: {last.next_step}" if last.next_step else name
    event = Event()
    event.add("uid", f"follow-up-{one.follow_up.case.id}@weaksignals")
    event.add("sequence", last.id)
    event.add("dtstamp", files.made_at)
    event.add("last-modified", last.at)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", title)
    event.add("description", "\n".join([*_lines(one, words), *files.notices]))
    event.add("class", "CONFIDENTIAL")
    event.add("transp", "TRANSPARENT")
    if files.address:
        event.add("url", files.address.rstrip("/") + one.address)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", REMINDED)
    event.add_component(alarm)
    return event


def _lines(one: Followed, words: Words) -> list[str]:
    last = one.follow_up.last
    told_of = {"SIREN": one.firm["siren"]} | {
        field.title.told(words.language): told(field.name, getattr(last, field.name), words)
        for field in FIELDS
        if field.name in ("state", "priority", "in_charge")
    }
    return [words.say("{label}: {value}", label=label, value=value) for label, value in told_of.items() if value]
