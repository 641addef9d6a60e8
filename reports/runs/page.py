"""The page of a run, in French and English, with the same for machines beside it."""

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from features import store
from features.folder import DataFolder
from features.periods import batch_month
from features.records import write_record
from models.monitoring.records import Finding
from reports.dictionary import source_title
from reports.findings import label, sentence
from reports.language import LANGUAGES, Language
from reports.received_page import day_words, page_name
from reports.runs import words
from reports.runs.records import RUN, RUN_UPGRADES, RunRecord

# Deliveries older than these many months with one are not shown.
MONTHS_SHOWN: Final = 12
TO_THE_DATA_FOLDER: Final = "../../"


def write_run(folder: DataFolder, record: RunRecord) -> Path:
    """Publish both pages and the record of a run at once; the folder that holds them."""
    target = folder.runs / record.run_id
    with store.new_folder(target) as fresh:
        for code in LANGUAGES:
            store.write_text(fresh / page_name(code), as_html(record, Language(code)))
        write_record(fresh / RUN, record, RUN_UPGRADES)
    return target


def as_html(record: RunRecord, language: Language) -> str:
    """The page as one file that loads nothing and runs no script; all texts are escaped."""
    (other,) = (Language(code) for code in LANGUAGES if code != language.code)
    return _template().render(
        r=record,
        language=language,
        say=language.say,
        number=language.number,
        words=words,
        capital=lambda text: text[:1].upper() + text[1:],
        title=lambda name: source_title(name, language),
        label=lambda name: label(name, language),
        sentence=lambda finding: sentence(finding, language),
        decided=lambda decision: words.decided(decision, language),
        moment=lambda at: words.moment(at, language),
        duration=lambda seconds: words.duration(seconds, language),
        day=lambda when: day_words(when, language),
        month=lambda batch: language.month(batch_month(batch)),
        months=months_of(record),
        delivered=delivered(record),
        missing=", ".join(source_title(name, language) for name in record.missing),
        check=_check_words,
        told_of=lambda check: words.told_of(check, language),
        moves=_moves(record, language),
        links=dict(_links(record, language)),
        other=other,
        other_page=page_name(other.code),
    )


def _check_words(name: str) -> str:
    # Where a model was checked, what this loads is there already; a refusal of deliveries does not wait for it.
    from reports.card.parts import WORDS

    return WORDS.get(name, name)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reports", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("run.html")


def months_of(record: RunRecord) -> list[str]:
    """The batches of the newest months with a delivery, one of each month, oldest first."""
    by_month = {batch_month(batch): batch for source in record.sources for batch in sorted(source.deliveries)}
    return [by_month[month] for month in sorted(by_month)][-MONTHS_SHOWN:]


def delivered(record: RunRecord) -> dict[str, dict[str, int]]:
    """By source, the records delivered in each month: all batches of a month together, under one of them."""
    shown = {batch_month(batch): batch for batch in months_of(record)}
    found: dict[str, dict[str, int]] = {source.source: {} for source in record.sources}
    for source in record.sources:
        for batch, kept in source.deliveries.items():
            if name := shown.get(batch_month(batch)):
                found[source.source][name] = found[source.source].get(name, 0) + kept
    return found


def _moves(record: RunRecord, language: Language) -> list[tuple[str, int, str]]:
    """How alerts moved: in words, how many, and how many of them for a reason of scope."""
    moved, say, number = record.moves, language.say, language.number
    if moved is None:
        return []
    new, gone = number(moved.new_in_scope), number(moved.out_of_scope)
    return [
        (say("came in"), moved.came_in, say("of which new in scope: {count}", count=new)),
        (say("went out"), moved.went_out, say("of which no longer in scope: {count}", count=gone)),
        (say("went up"), moved.up, say("from moderate to high")),
        (say("went down"), moved.down, say("from high to moderate")),
        (say("stayed"), moved.stayed, say("at the same level")),
    ]


def _links(record: RunRecord, language: Language) -> Iterator[tuple[str, str]]:
    """Addresses, from the page, of what was made, by their words."""
    for name, path in record.links.items():
        page = f"{path}/{page_name(language.code)}" if name == "received" else path
        yield language.say(words.LINKS[name]), TO_THE_DATA_FOLDER + page


def as_markdown(record: RunRecord, page: Path, language: Language) -> str:
    """Where the page is, and what it says first, for whoever follows runs elsewhere."""
    say = language.say
    outcome = say(words.OUTCOMES[record.outcome])
    lines = [f"**{words.title(record, language)} – {outcome}** ({words.duration(record.seconds, language)})", ""]
    lines += [escape(record.sentence, quote=False), ""] if record.sentence else []
    lines += [f"- {escape(words.decided(decision, language), quote=False)}" for decision in record.decisions]
    lines += [f"- **{say(finding.level)}** {_told(finding, language)}" for finding in record.findings]
    return "\n".join([*lines, "", say("The report: {page}", page=f"`{page}`")])


def _told(finding: Finding, language: Language) -> str:
    return escape(f"{label(finding.subject, language)} – {sentence(finding, language)}", quote=False)
