"""A firm on one page, for a visit (ReportLab: pure Python, where WeasyPrint needs Pango from the system)."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepInFrame, SimpleDocTemplate, Spacer, Table

from reports.effects import rounded_changes
from reports.review.access import Kind
from reports.review.cases.records import FollowUp
from reports.review.cases.wording import told as told_field
from reports.review.data import Row
from reports.review.exports import Export
from reports.review.firm import Explanation
from reports.review.key_figures import WORSE, KeyFigure
from reports.review.risk_picture import risks_by_horizon
from reports.review.sheet_parts import HEAD, SMALL, TITLE, WARNING, small_chart, text
from reports.review.unknowns import questions, spoken_of
from reports.review.verdicts import Answers
from reports.review.wording import known
from reports.review.words import Words

MARGIN = 15 * mm
MOST_FIGURES = 10
MOST_ESTABLISHMENTS = 4
# Of a follow-up, beside its day.
SHOWN = ("state", "in_charge", "difficulties", "actions", "next_on", "next_step", "summary", "outcome")


@dataclass(frozen=True)
class Told:
    """What the user may see of the firm, beside its line in the list.

    unknown: sentences. past: its risk in each list, traces: its figures by month, both oldest first.
    establishments: see `reports.review.past`.
    """

    explained: Explanation
    figures: Sequence[KeyFigure]
    answers: Answers
    follow_up: FollowUp | None
    unknown: Sequence[str]
    past: Sequence[Row]
    traces: Sequence[Row]
    establishments: Sequence[Row]
    contact: str


def pdf(export: Export, told: Told) -> bytes:
    """The page; what does not fit is made smaller, never left out."""
    out = io.BytesIO()
    (row,) = export.rows
    words = export.words
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        invariant=1,
        pageCompression=0,
        title=f"{row['siren']} {export.published.key}",
        lang=words.code,
    )
    story = [
        *_head(export),
        *_why(export, told.explained),
        *charts(words, told),
        *_figures(words, chosen(told)),
        *_listed(words, "Open establishments", list(listed_establishments(words, told.establishments))),
        *_listed(words, "What is not known", told.unknown),
        *_listed(words, "What to ask the firm", list(questions(told.explained, words))),
        *_answers(words, told.answers, told.follow_up),
        text(words.say("Notes of the visit"), HEAD),
        Spacer(1, 18 * mm),
        text(words.say("Confidential: for the agents in charge of this firm only."), SMALL),
        *([text(words.say("To contest or correct: {contact}", contact=told.contact), SMALL)] if told.contact else []),
    ]
    document.build([KeepInFrame(document.width - 12, document.height - 12, story, mode="shrink")])
    return out.getvalue()


def chosen(told: Told) -> list[KeyFigure]:
    """The figures that the reasons speak of, then those that are worse than three firms in four of the sector."""
    spoken = spoken_of(told.explained)
    first = [one for one in told.figures if one.name in spoken]
    worse = [one for one in told.figures if one.name not in spoken and one.standing == WORSE]
    return [*first, *worse][:MOST_FIGURES] or list(told.figures[:MOST_FIGURES])


def _listed(words: Words, title: str, sentences: Sequence[str]) -> list[Flowable]:
    return [text(words.say(title), HEAD), *(text(f"• {said}") for said in sentences)] if sentences else []


def listed_establishments(words: Words, establishments: Sequence[Row]) -> Iterator[str]:
    """The open ones, the head office first; how many more there are where they are many."""
    found = [one for one in establishments if not one["closed_on"]]
    for one in found[:MOST_ESTABLISHMENTS]:
        address = words.address(one["address"]) if one["address"] else ""
        place = " ".join(filter(None, (one["postcode"], one["commune_name"])))
        head_office = words.say("head office") if one["is_head_office"] else ""
        yield ", ".join(filter(None, (one["siret"], address, place, head_office)))
    if len(found) > MOST_ESTABLISHMENTS:
        yield words.say("and {count} more", count=words.number(len(found) - MOST_ESTABLISHMENTS))


def charts(words: Words, told: Told) -> list[Flowable]:
    """The risk in each list where there are several, and what the firm owes or how many it employs: two charts."""
    drawn = []
    if len(told.past) > 1:
        values = [row["probability"] for row in told.past]
        drawn.append(small_chart(words.say("Risk over time"), _ends(told.past, words), values, words.percent))
    traced = [name for name in ("debt", "headcount") if len(told.traces) > 1 and name in told.traces[0]]
    for name in traced[: 2 - len(drawn)]:
        figures, written = [known(row[name]) for row in told.traces], partial(words.value, name)
        drawn.append(small_chart(words.label(name), _ends(told.traces, words), figures, written))
    return [Spacer(1, 2 * mm), Table([drawn], hAlign="LEFT")] if drawn else []


def _ends(rows: Sequence[Row], words: Words) -> tuple[str, str]:
    return words.month(rows[0]["period"]), words.month(rows[-1]["period"])


def _head(export: Export) -> list[Flowable]:
    words, (cells,) = export.words, export.cells()
    lines = [
        text(notice, WARNING if n == 0 and export.published.is_simulated else SMALL)
        for n, notice in enumerate(export.notices())
    ]
    place = f"{cells['commune'] or ''} ({cells['departement']})"
    street = [part for part in (cells.get("address"), cells.get("postcode"), cells["commune"]) if part]
    labelled = [("Headcount", words.number(cells["headcount"])), ("Procedure", cells["state"])]
    facts = [
        f"SIREN {cells['siren']} – {cells['activity'] or ''} – {place}",
        " – ".join(words.say("{label}: {value}", label=words.say(name), value=value) for name, value in labelled),
    ]
    if cells.get("address"):
        facts.append(f"{words.say('Address:')} {', '.join(street)}")
    if "probability" in cells:
        listed = words.say("List of {month}", month=words.month(export.published.period))
        said = f"{cells['alert']}, {words.say('risk of {risk}', risk=words.percent(cells['probability']))}"
        facts.append(words.say("{label}: {value}", label=listed, value=said))
        facts += _how_sure(cells, export.published.horizon, words)
    return [text(cells["name"] or "", TITLE), *(text(fact) for fact in facts), Spacer(1, 2 * mm), *lines]


def _how_sure(cells: dict[str, Any], horizon: int, words: Words) -> Iterator[str]:
    """The interval of the risk, and the risk at shorter horizons, where the list tells them."""
    if cells.get("probability_low") is not None:
        low, high = (words.percent(cells[f"probability_{end}"]) for end in ("low", "high"))
        yield words.say("mean risk of firms scored like this one: between {low} and {high} (95%)", low=low, high=high)
    risks = risks_by_horizon(cells, horizon)
    if len(risks) > 1:
        told = ", ".join(
            words.say("within {months} months: {risk}", months=str(months), risk=words.percent(risk))
            for months, risk in risks.items()
        )
        yield words.say("{label}: {value}", label=words.say("Risk by horizon"), value=told)


def _why(export: Export, explained: Explanation) -> list[Flowable]:
    words = export.words
    if not export.right.may_see(Kind.SCORES):
        return []
    found: list[Flowable] = [text(words.say("Why"), HEAD)]
    for n, said in enumerate(explained.reasons, 1):
        doubt = "" if said.is_stable else f" ({words.say('doubtful')})"
        found.append(text(f"{n}. {said.sentence}{doubt}"))
    if explained.effects:
        changes = rounded_changes(explained.mean_risk, [effect.change for effect in explained.effects])
        parts = [f"{words.say('mean risk')} {words.percent(explained.mean_risk)}"]
        parts += [f"{words.theme(e.name)} {words.signed(c)}" for e, c in zip(explained.effects, changes, strict=True)]
        found.append(text("; ".join(parts) + f" = {words.percent(explained.risk)}", SMALL))
    found += [text(told) for told in (explained.movement, explained.counterfactual) if told]
    return found


def _figures(words: Words, figures: Sequence[KeyFigure]) -> list[Flowable]:
    if not figures:
        return []
    titles = ("Figure", "Firm", "Median of its sector", "Source")
    rows = [[text(words.say(title), SMALL) for title in titles], *(_row(words, one) for one in figures)]
    table = Table(
        rows,
        colWidths=[62 * mm, 34 * mm, 33 * mm, 47 * mm],
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ],
    )
    return [text(words.say("Figures beside the sector"), HEAD), table]


def _row(words: Words, one: KeyFigure) -> list[Flowable]:
    own = words.value(one.name, one.value) + (f" ({words.say(one.standing)})" if one.standing else "")
    median = words.value(one.name, one.quartiles[1]) if one.quartiles else "–"
    month = words.say("of {month}", month=words.month(one.month)) if one.month else ""
    old = words.say("old") if one.is_old else ""
    source = ", ".join(filter(None, (one.known, month, old)))
    return [text(cell, SMALL) for cell in (words.label(one.name) + one.as_of, own, median, source)]


def _answers(words: Words, answers: Answers, follow_up: FollowUp | None) -> list[Flowable]:
    """The follow-up as it stands, without notes and contacts: the sheet leaves the tool."""
    said = []
    if follow_up is not None:
        shown = (told_field(name, getattr(follow_up.last, name), words) for name in SHOWN)
        said.append(f"{words.day(follow_up.last.on)}: {'; '.join(value for value in shown if value)}")
    said += [
        f"{words.day(one.at)}: {words.say('useful' if one.is_useful else 'not useful')} ({one.by}) {one.note}"
        for one in answers.verdicts[:1]
    ]
    return [text(words.say("Follow-up"), HEAD), *(text(one) for one in said)] if said else []
