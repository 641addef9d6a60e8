"""What the commands print, for people."""

import io
import math
import re
import statistics
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.table import Table

from features.past import REBUILD, Plan, span, spans
from features.received import Received
from flows import deliveries
from flows.settings import Settings
from flows.terminal import out, print_remarks
from reports.exports import SENTENCES, notices
from reports.language import Language
from reports.reasons import THEME_WORDS
from reports.received import remarks
from reports.target_list import TargetList, records

# A command loads what it prints of itself: the libraries of training and monitoring take seconds to load.
if TYPE_CHECKING:
    from benchmarks.polish import PolishResult
    from features.build import Built
    from flows.listing import FirmHistory, Scored
    from flows.modelling import Registered, Trained
    from flows.monitoring import Monitored

PICTURE_WIDTH, PICTURED = 130, 5


def print_built(built: "Built") -> None:
    """Which periods were built, which were kept, and what was never delivered."""
    plan = built.plan
    if plan.to_build:
        told = f"{built.rows:,} rows of {built.firms:,} firms, built {span(plan.to_build)}: {built.folder}"
    else:
        told = f"No period was missing. What became of the firms was brought up to date: {built.folder}"
    out.print(told, soft_wrap=True)
    if plan.kept:
        out.print(f"Kept as they were built before: {spans(plan.kept)}.", soft_wrap=True)
    if plan.late:
        last = f"{plan.kept[-1]:%Y-%m}"
        out.print(
            f"Delivered since {last} was built, and not in it: {', '.join(plan.late)}. To build that month anew: "
            f"weaksignals build --start {last} --end {last} --rebuild. {REBUILD}",
            soft_wrap=True,
        )
    if built.other_code:
        out.print(
            f"Built by another version of the program: {spans(built.other_code)}. The changelog tells whether figures "
            f"changed. {REBUILD}",
            soft_wrap=True,
        )
    if built.absent:
        out.print(f"Never delivered, so their features are unknown: {', '.join(built.absent)}.", soft_wrap=True)


def print_plan(plan: Plan) -> None:
    """What a rebuild is about to change."""
    if plan.again:
        out.print(f"Built anew from what is staged now, whatever was known then: {spans(plan.again)}.", soft_wrap=True)
    if plan.removed:
        out.print(f"Removed, as they can't stand beside those: {spans(plan.removed)}.", soft_wrap=True)


def print_trained(trained: "Trained", settings: Settings) -> None:
    """The model beside the baselines, and whether it is in use."""
    table = Table("model", "AUC", "average precision", "Brier", "precision high", "recall moderate")
    for name, m in trained.metrics.items():
        figures = (m.auc, m.average_precision, m.brier, m.high.precision, m.moderate.recall)
        table.add_row(name, *(f"{value:.3f}" for value in figures))
    out.print(table)
    verdict = "in use" if trained.is_champion else "registered, not in use"
    card = settings.folder.models / trained.model_id / "card.md"
    out.print(f"Model {trained.model_id}: {verdict}. {trained.why} {card}", soft_wrap=True)
    for finding in trained.findings:
        out.print(f"A finding: {finding}", soft_wrap=True)
    if trained.tracked:
        out.print(trained.tracked, soft_wrap=True)


def print_models(found: "list[Registered]") -> None:
    """One line per model: how it did on its own test rows, and whether it is in use."""
    if not found:
        out.print("No model is registered. Train one: weaksignals train")
        return
    table = Table("model", "trained on", "tested on", "AUC", "average precision", "in use since", "why")
    for m in found:
        figures = [f"{value:.3f}" for value in (m.metrics.auc, m.metrics.average_precision)]
        table.add_row(m.model_id, m.trained, m.tested, *figures, m.since, m.why)
    out.print(table)


def print_scored(scored: "Scored") -> None:
    """How many firms at each level, and where the list is."""
    counts = ", ".join(f"{alert} {count:,}" for alert, count in scored.alerts.items())
    out.print(f"List of {scored.period:%Y-%m}: {counts}. {scored.folder}", soft_wrap=True)


def print_monitored(monitored: "Monitored") -> None:
    """What monitoring found, one line each, and where its page is."""
    for finding in monitored.findings:
        out.print(f"{finding.level}: {finding.sentence}", soft_wrap=True)
    out.print(f"Monitoring of {monitored.period:%Y-%m}: {monitored.folder / 'index.html'}", soft_wrap=True)


def print_top(ranked: TargetList, language: Language, count: int = 10, to: Console | None = None) -> None:
    """The first firms of a list with their reasons."""
    for notice in notices(ranked, language):
        (to or out).print(notice, style="bold")
    for row in records(ranked.rows.head(count)):
        print_firm(row, language, to)


def drawn_top(ranked: TargetList, language: Language) -> str:
    """The first firms of a list as an SVG picture, without any font or image from elsewhere."""
    paper = Console(
        record=True, width=PICTURE_WIDTH, file=io.StringIO(), highlight=False, markup=False, force_terminal=True
    )
    print_top(ranked, language, PICTURED, paper)
    offline = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return paper.export_svg(title="weaksignals demo", code_format=offline, unique_id="demo")


def print_firm(row: dict[str, Any], language: Language, to: Console | None = None) -> None:
    """A firm's risk and its reasons."""
    rank = "-" if row["rank"] is pd.NA else row["rank"]
    (to or out).print(
        f"{rank}. {row['name']} ({row['siren']}), {row['activity']}, {row['departement']}: "
        f"{row['probability']:.0%}, {language.say(row['alert'])}",
        style="bold",
    )
    for reason in row["reasons"]:
        doubt = "" if reason["is_stable"] else f" [{language.say('doubtful')}]"
        (to or out).print(f"   {reason['sentence']} ({reason['contribution']:+.2f}){doubt}")
    for name, sentence in SENTENCES.items():
        if row[name] is not None:
            (to or out).print(f"   {sentence(row[name], language)}")


def print_explained(found: "FirmHistory", siren: str, settings: Settings) -> None:
    """A firm's risk, reasons and themes, then its risk month by month."""
    words = Language(settings.language)
    (row,) = records(found.ranked.rows[found.ranked.rows["siren"] == siren])
    print_firm(row, words)
    themes = sorted(row["themes"].items(), key=lambda item: -item[1])
    out.print("  " + ", ".join(f"{words.say(THEME_WORDS[theme])} {value:+.2f}" for theme, value in themes))
    table = Table("period", "risk", "alert", "social debt", "headcount", "state")
    for past in records(found.history):
        risk = (f"{past['period']:%Y-%m}", f"{past['probability']:.1%}", past["alert"])
        table.add_row(*risk, f"{past['debt']:,.0f}", f"{past['headcount']:,.0f}", past["state"])
    out.print(table)
    for notice in notices(found.ranked, words):
        out.print(notice)


def print_received(received: Received, settings: Settings) -> None:
    """One line per file: what was read, kept and rejected; then what the operator should look at, and the report."""
    table = Table(
        "source", "file", *(("lines", "kept", "rejected", "unread cells")), "first", "last", "firms", "wrong keys"
    )
    for r in received.files:
        counts = [f"{n:,}" for n in (r.lines, r.kept, r.rejected, r.unread_cells)]
        table.add_row(
            r.source, f"{r.batch}/{r.file}", *counts, str(r.first), str(r.last), f"{r.firms:,}", f"{r.wrong_keys:,}"
        )
    out.print(table)
    print_remarks(remarks(received, Language("en")))
    out.print(
        f"Typed records: {settings.folder.staged}. Rejected lines and cells: {settings.folder.rejects}.", soft_wrap=True
    )
    out.print(f"What was read: {deliveries.page(settings, received)}", soft_wrap=True)


def print_polish(result: "PolishResult") -> None:
    """The figures of every seed beside the published ones, and the firms that the model finds riskiest."""
    out.print(
        f"{result.name}: {result.rows:,} real firms, {result.failures:,} bankrupt later; {result.duplicates} rows that "
        "repeat another stay in its fold. Ten-fold cross-validation, mean of the folds.",
        soft_wrap=True,
    )
    table = Table("model", "seed", "AUC", "average precision", "AUC, last year's sales known")
    # Its libraries take seconds to load: no other command pays for them.
    from benchmarks.polish import PUBLISHED_AUC

    for name, auc in PUBLISHED_AUC.get(result.name, {}).items():
        table.add_row(f"{name} (published, 2016)", "", f"{auc:.3f}", "", "")
    for name, figures in (("LightGBM", result.plain), ("LightGBM with ratios of ratios (ours)", result.ours)):
        for seed, of_seed in figures.items():
            table.add_row(name, str(seed), *(f"{value:.4f}" for value in astuple(of_seed)))
        if len(figures) > 1:
            columns = zip(*map(astuple, figures.values()), strict=True)
            table.add_row(name, "all", *(f"{statistics.mean(c):.3f} ± {statistics.stdev(c):.4f}" for c in columns))
    out.print(table)
    out.print(
        "± is the spread over seeds. In this set the accounts of bankrupt firms were compiled otherwise than those of "
        "others: that a ratio is missing, last year's sales above all, tells much. Elsewhere, expect less.",
        soft_wrap=True,
    )
    out.print("The five riskiest while held out:")
    for firm in result.riskiest:
        out.print(f"row {firm.row}: margin {firm.margin:+.2f}, {'bankrupt' if firm.is_bankrupt else 'not bankrupt'}")
        for ratio, value, contribution in firm.reasons:
            known = "not known" if math.isnan(value) else f"{value:,.3f}"
            out.print(f"  {ratio}: {known} ({contribution:+.2f})")
