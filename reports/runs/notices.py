"""What those who follow runs from elsewhere are told: a subject and a few lines, in which no firm is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.dictionary import source_title
from reports.language import Language
from reports.received import STALE, STALE_ONE
from reports.runs import words
from reports.runs.records import DONE, RunRecord

IN_QUARANTINE_ONE = "{number} file in quarantine"
IN_QUARANTINE = "{number} files in quarantine"


@dataclass(frozen=True)
class Notice:
    """A message. late: by how many months each late source is late."""

    subject: str
    lines: tuple[str, ...]
    late: Mapping[str, int]

    @property
    def text(self) -> str:
        """The lines, one below the other."""
        return "\n".join(self.lines)


def late_sources(record: RunRecord, months: int) -> dict[str, int]:
    """By how many months each source is late, of those that are so by as many at least."""
    return {source.source: source.months_late for source in record.sources if source.months_late >= months}


def notice(record: RunRecord, late: Mapping[str, int], page: Path, language: Language) -> Notice:
    """What is told of a run. page: its report."""
    outcome = language.say("late sources") if record.outcome == DONE else language.say(words.OUTCOMES[record.outcome])
    subject = f"[weaksignals] {words.title(record, language)} – {outcome}"
    return Notice(subject, tuple(_lines(record, late, page, language)), late)


def of_quarantine(reasons: Mapping[str, str], folder: Path, language: Language) -> Notice:
    """What is told of files that were put aside. reasons: by file. folder: where they are."""
    subject = f"[weaksignals] {language.counted(len(reasons), IN_QUARANTINE_ONE, IN_QUARANTINE)}"
    where = language.say("Each is kept with its reason beside it: {folder}", folder=str(folder))
    return Notice(subject, (*(f"{name} – {reason}" for name, reason in reasons.items()), where), {})


def _lines(record: RunRecord, late: Mapping[str, int], page: Path, language: Language) -> Iterator[str]:
    yield language.say(words.MEANINGS[record.outcome])
    yield from [words.decided(cause, language) for cause in record.causes] or filter(None, [record.sentence])
    for source, months in late.items():
        yield f"{source_title(source, language)} – {language.counted(months, STALE_ONE, STALE)}"
    day = words.moment(record.started_at, language)
    yield language.say("Run {run_id}, started on {day}.", run_id=record.run_id, day=day)
    yield language.say("The report: {page}", page=str(page))
