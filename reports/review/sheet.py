"""A firm on one page, for a visit (ReportLab: pure Python, where WeasyPrint needs Pango from the system)."""

import io
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepInFrame, Paragraph, SimpleDocTemplate, Spacer, Table

from reports.effects import rounded_changes
from reports.review.access import Kind
from reports.review.exports import Export
from reports.review.firm import Explanation
from reports.review.horizons import horizon_chart
from reports.review.verdicts import Answers
from reports.review.words import Words

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12)
SMALL = ParagraphStyle("small", BODY, fontSize=8, leading=10, textColor=colors.HexColor("#444444"))
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=16, leading=20)
HEAD = ParagraphStyle("head", BODY, fontName="Helvetica-Bold", fontSize=11, leading=15, spaceBefore=6, spaceAfter=2)
WARNING = ParagraphStyle("warning", BODY, fontName="Helvetica-Bold", textColor=colors.HexColor("#b34000"))
MARGIN = 15 * mm
MOST_FIGURES = 12


def pdf(
    export: Export, explained: Explanation, figures: Sequence[dict[str, Any]], answers: Answers, contact: str
) -> bytes:
    """The page; what does not fit is made smaller, never left out."""
    out = io.BytesIO()
    (row,) = export.rows
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
        lang=export.words.code,
    )
    story = [
        *_head(export),
        *_why(export, explained),
        *_figures(export.words, figures),
        *_answers(export.words, answers),
        Spacer(1, 4 * mm),
        _text(export.words.say("Notes of the visit"), HEAD),
        Spacer(1, 22 * mm),
        _text(export.words.say("Confidential: for the agents in charge of this firm only."), SMALL),
        *([_text(export.words.say("To contest or correct: {contact}", contact=contact), SMALL)] if contact else []),
    ]
    document.build([KeepInFrame(document.width - 12, document.height - 12, story, mode="shrink")])
    return out.getvalue()


def _text(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    # The built-in fonts know Latin-1: of what French texts hold, the narrow blank and the minus sign are missing.
    known = text.replace("\u202f", "\u00a0").replace("\u2212", "-")
    return Paragraph(escape(known.encode("cp1252", "replace").decode("cp1252")), style)


def _head(export: Export) -> list[Flowable]:
    words, cells = export.words, export.cells(export.rows[0])
    lines = [
        _text(notice, WARNING if n == 0 and export.published.is_simulated else SMALL)
        for n, notice in enumerate(export.notices())
    ]
    place = f"{cells['commune'] or ''} ({cells['departement']})"
    street = [part for part in (cells.get("address"), cells.get("postcode"), cells["commune"]) if part]
    facts = [
        f"SIREN {cells['siren']} - {cells['activity'] or ''} - {place}",
        f"{words.say('Headcount')}: {words.number(cells['headcount'])} - {words.say('Procedure')}: {cells['state']}",
    ]
    if cells.get("address"):
        facts.append(f"{words.say('Address:')} {', '.join(street)}")
    if "probability" in cells:
        facts.append(
            f"{words.say('List of {month}', month=words.month(export.published.period))}: {cells['alert']}, "
            f"{words.say('risk of {risk}', risk=words.percent(cells['probability']))}"
        )
        facts += _how_sure(cells, export.published.horizon, words)
    return [_text(cells["name"] or "", TITLE), *(_text(fact) for fact in facts), Spacer(1, 2 * mm), *lines]


def _how_sure(cells: dict[str, Any], horizon: int, words: Words) -> Iterator[str]:
    """The interval of the risk, and the risk at shorter horizons, where the list tells them."""
    if cells.get("probability_low") is not None:
        low, high = (words.percent(cells[f"probability_{end}"]) for end in ("low", "high"))
        yield words.say("mean risk of firms scored like this one: between {low} and {high} (95%)", low=low, high=high)
    if chart := horizon_chart(cells, horizon, words):
        yield f"{chart.title}: {', '.join(f'{months} {risk}' for months, risk in chart.rows)}"


def _why(export: Export, explained: Explanation) -> list[Flowable]:
    words = export.words
    if not export.right.may_see(Kind.SCORES):
        return []
    found: list[Flowable] = [_text(words.say("Why"), HEAD)]
    for n, said in enumerate(explained.reasons, 1):
        doubt = "" if said.is_stable else f" ({words.say('doubtful')})"
        found.append(_text(f"{n}. {said.sentence}{doubt}"))
    if explained.effects:
        changes = rounded_changes(explained.mean_risk, [effect.change for effect in explained.effects])
        parts = [f"{words.say('mean risk')} {words.percent(explained.mean_risk)}"]
        parts += [f"{words.theme(e.name)} {words.signed(c)}" for e, c in zip(explained.effects, changes, strict=True)]
        found.append(_text("; ".join(parts) + f" = {words.percent(explained.risk)}", SMALL))
    found += [_text(told) for told in (explained.movement, explained.counterfactual) if told]
    return found


def _figures(words: Words, figures: Sequence[dict[str, Any]]) -> list[Flowable]:
    if not figures:
        return []
    rows = [[_text(words.say(title), SMALL) for title in ("Figure", "Firm", "Median of its sector")]]
    rows += [
        [_text(words.label(one["name"]) + one["as_of"], SMALL)]
        + [
            _text(words.value(one["name"], value), SMALL)
            for value in (one["value"], (one["quartiles"] or (None, None))[1])
        ]
        for one in figures[:MOST_FIGURES]
    ]
    table = Table(
        rows,
        colWidths=[95 * mm, 40 * mm, 40 * mm],
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ],
    )
    return [_text(words.say("Figures beside the sector"), HEAD), table]


def _answers(words: Words, answers: Answers) -> list[Flowable]:
    said = [
        f"{words.day(one.on)}: {words.follow_state(one.state)} ({one.by}) {one.note}" for one in answers.follow_ups[:3]
    ]
    said += [
        f"{words.day(one.at)}: {words.say('useful' if one.is_useful else 'not useful')} ({one.by}) {one.note}"
        for one in answers.verdicts[:1]
    ]
    return [_text(words.say("Follow-up"), HEAD), *(_text(one) for one in said)] if said else []
