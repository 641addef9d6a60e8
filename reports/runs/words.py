"""What is said of a run: its outcome, what it decided, how long it took."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from features.checked import RATIOS
from reports.figures import percent
from reports.findings import said
from reports.language import Language, translations
from reports.runs.records import Decision, Outcome, RunRecord, TableCheck

OUTCOMES: Final[Mapping[Outcome, str]] = {
    "done": "done",
    "refused": "refused",
    "failed": "could not go on",
    "stopped": "stopped on request",
    "unfinished": "at work, or ended without a word",
    "killed": "did not end",
}
MEANINGS: Final[Mapping[Outcome, str]] = {
    "done": "The run did all that it had to do.",
    "refused": "The run stopped, for something must be looked at first. What was published before stays.",
    "failed": "The run could not go on: the machine or the program failed. What was published before stays.",
    "stopped": "The run was asked to end. What was published before stays; the same command starts it again.",
    "unfinished": "The run is at work; or it was killed, and the next run will say so.",
    "killed": "The run was killed, or the machine stopped. What was published before stays; the same command starts it "
    "again.",
}
FLOWS: Final = {
    "monthly": "monthly run",
    "demo": "demonstration",
    "retraining": "retraining",
    "monitoring": "monitoring",
}
STAGES: Final = {
    "check": "deliveries checked",
    "simulate": "files simulated",
    "ingest": "deliveries read",
    "build": "feature table built",
    "train": "model trained",
    "score": "firms scored, list published",
    "monitor": "monitoring page written",
}
LINKS: Final = {
    "received": "What was read of the deliveries",
    "monitoring": "Monitoring page",
    "list": "The list",
    "card": "Card of the model",
}

# What tables tell of each other, by the names of `features.checks`.
TABLES: Final = {
    "unknown_firms": "firms that the register does not know",
    "dated_later": "records dated after the newest delivery",
    "repeated_keys": "lines that name what another line names",
    "yearly_sum": "what adds up over {month}, of the same month of the year before",
    "failures": "share of failures in the last known year, of that of the year before",
}

KINDS: Final = {
    "platt_of_both": "Platt, on both kinds of trees",
    "platt": "Platt",
    "beta": "beta",
    "isotonic": "isotonic",
}

BUILT = "Periods {first} to {last} of the feature table were built; {kept_count} others stay as they were built before."
BUILT_NONE = "No period of the feature table was missing; {kept_count} stay as they were built before."
CAME_SINCE = "Delivered since {last} was built, and not in it, as the past is not rewritten: {files}."
OTHER_CODE = "Periods that another version of the program built, and that stay as they were: {kept_count}."
MODEL_KEPT = (
    "The model {model_id} is used: it has been in use since {day}, and a monthly run trains none while one is in use."
)
MODEL_FIRST = "No model was in use: {model_id} was trained, passed its {check_count} checks, and is in use now."
MODEL_REPLACED = "The new model {model_id} passed its {check_count} checks, and is in use now."
MODEL_SAME = "The new model {model_id} is the one that is in use: equal data give an equal model."
MODEL_NOT_USED = "The new model {model_id} failed {failed_count} of its {check_count} checks, and is not put in use."
CALIBRATED = (
    "Probabilities are calibrated as at training ({kind}), in a version that kept no failure rate with its models."
)
SET_TO_RATE = (
    "Probabilities are calibrated as at training ({kind}), and moved by {offset} in log-odds, from the failure rate of "
    "the months of calibration, {then_share}, to that of {first} to {last}, {now_share}."
)
PUBLISHED = "The list of {month} was published: no check stops it. Findings that are worth a look: {warning_count}."
NOT_PUBLISHED = "The list of {month} was not published. Findings that stop it: {stop_count}."
LAST_STAGE = "It did not end; what it was at: {stage}."
MESSAGES: Final = (
    *(BUILT, BUILT_NONE, CAME_SINCE, OTHER_CODE, MODEL_KEPT, MODEL_FIRST, MODEL_REPLACED, MODEL_SAME),
    *(MODEL_NOT_USED, CALIBRATED, SET_TO_RATE, PUBLISHED, NOT_PUBLISHED, LAST_STAGE),
)


def told_of(check: TableCheck, language: Language) -> tuple[str, str]:
    """What was looked at in tables, and the figure."""
    values = {"month": language.month(check.month)} if check.month else {}
    is_multiple = check.check in RATIOS
    figure = f"× {language.number(check.value, 2)}" if is_multiple else percent(100 * check.value, language)
    return language.say(TABLES[check.check], **values), figure


def decided(decision: Decision, language: Language) -> str:
    """A decision as a sentence; in English where it is a message of another program."""
    if decision.message not in translations("fr"):
        return decision.message.format(**decision.values)
    return said(decision.message, decision.values, language)


def title(record: RunRecord, language: Language) -> str:
    """The flow, and its period where it is known."""
    of = f" – {language.month(record.period)}" if record.period else ""
    return language.say(FLOWS.get(record.flow, record.flow)) + of


def moment(at: datetime | None, language: Language) -> str:
    """A day and an hour."""
    if at is None:
        return "–"
    return f"{at:%d/%m/%Y %H:%M} UTC" if language.code == "fr" else f"{at:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float | None, language: Language) -> str:
    """A duration in its two largest units."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 60} min {whole % 60:02} s" if whole >= 60 else f"{language.number(seconds, 1)} s"
