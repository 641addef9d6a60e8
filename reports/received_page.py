"""The page that tells what was read, in French and English, with the same for machines beside it."""

from datetime import date
from html import escape
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from features import store
from features.folder import DataFolder
from features.periods import batch_month
from features.received import RECEIVED, RECEIVED_UPGRADES, FileReport, Received
from features.records import write_record
from reports import received as words
from reports.dictionary import source_title
from reports.language import LANGUAGES, Language
from reports.received import NOTE

TOTALS: Final = ("lines", "rejected", "size")
UNITS: Final = ("bytes", "kB", "MB", "GB")


def page_name(code: str) -> str:
    """The file of the page in a language."""
    return f"index.{code}.html"


def write_received(folder: DataFolder, received: Received) -> Path:
    """Publish both pages and the record at once; the folder that holds them.

    Where nothing was read, it stands beside that of the last reading, which stays.
    """
    target = folder.received_of(received.batch, is_refused=not received.files)
    with store.new_folder(target) as fresh:
        for code in LANGUAGES:
            store.write_text(fresh / page_name(code), as_html(received, Language(code)))
        write_record(fresh / RECEIVED, received, RECEIVED_UPGRADES)
    return target


def as_markdown(received: Received, page: Path, language: Language) -> str:
    """Where the page is, and what it says first, for whoever follows runs elsewhere; no markup of a partner's."""
    say = language.say
    lines = [say("{count} files were read. The report: {page}", count=str(len(received.files)), page=f"`{page}`"), ""]
    for remark in words.remarks(received, language):
        said = " – ".join(filter(None, (remark.subject, remark.sentence)))
        lines.append(f"- **{say(remark.level)}** {escape(said, quote=False)}")
    return "\n".join(lines)


def as_html(received: Received, language: Language) -> str:
    """The page as one file that loads nothing and runs no script; all texts are escaped."""
    environment = Environment(
        loader=PackageLoader("reports", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    (other,) = (Language(code) for code in LANGUAGES if code != language.code)
    return environment.get_template("received.html").render(
        r=received,
        month=language.month(batch_month(received.batch)),
        language=language,
        say=language.say,
        number=language.number,
        day=lambda when: day_words(when, language),
        size=lambda count: size(count, language),
        change=lambda report: _change(report, received, language),
        title=lambda name: source_title(name, language),
        reason=lambda text: words.reason_words(text, language),
        example=lambda text: words.example_words(text, language),
        remarks=[remark for remark in words.remarks(received, language) if remark.level != NOTE or not remark.subject],
        of_file=lambda report: [sentence for _, sentence in words.on_file(report, received, language)],
        by_source=_by_source(received),
        totals={name: sum(getattr(report, name) for report in received.files) for name in TOTALS},
        other=other,
        other_page=page_name(other.code),
    )


def _by_source(received: Received) -> dict[str, list[FileReport]]:
    found: dict[str, list[FileReport]] = {}
    for report in received.files:
        found.setdefault(report.source, []).append(report)
    return found


def _change(report: FileReport, received: Received, language: Language) -> str:
    """Compared with the delivery before, for the last file of the newest batch of each source; blank for the others."""
    change = words.change_of(report, received)
    if change is None:
        return "" if report.source in received.earlier else language.say("first delivery")
    return words.signed_share(change, language)


def day_words(when: date | None, language: Language) -> str:
    """A day in figures; a dash where there is none."""
    return "–" if when is None else language.day(when)


def size(count: int, language: Language) -> str:
    """A number of bytes, in the largest unit of which it holds one."""
    power = min((len(str(count)) - 1) // 3, len(UNITS) - 1)
    return f"{language.number(count / 1000**power, 1 if power else 0)}\u00a0{language.say(UNITS[power])}"
