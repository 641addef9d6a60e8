"""The commands of operators: the flows on their schedules, the settings, and whether the installation can run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from features.errors import InputError
from flows.settings import load
from flows.terminal import Data, Engine, Raw, Words, err, out, print_remarks

if TYPE_CHECKING:
    from flows.due import Month
    from flows.inbox import Arrival


def serve(
    raw: Raw,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Prefect's pages and API.")] = 4200,
    inbox: Annotated[Path | None, typer.Option(help="Folder in which partners drop files: see `inbox`.")] = None,
    data: Data = None,
) -> None:
    """Serve the flows on their schedules, with Prefect's pages on this machine, until stopped.

    The monthly run is on the 25th at 02:00, retraining each quarter, monitoring and reminders of follow-ups on Mondays,
    in Paris time. What partners drop is looked at every ten minutes, and then starts the monthly run.
    """
    from flows import prefect_server

    settings, is_our_own = load(data=data), prefect_server.URL not in os.environ
    for folder in filter(None, (raw, inbox)):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder. Give the one in which deliveries arrive.")
    why_not = prefect_server.start(settings.data.resolve() / ".prefect" / "served", port)
    err.print("Prefect's server is starting.")
    # It takes seconds, in which the server starts.
    from flows import served

    reason = why_not()
    if reason:
        raise InputError(f"{reason} Start it, or see whether another program listens on port {port}.")
    if is_our_own:
        served.close_lost_runs()
    names = [name for name in served.SCHEDULES if inbox or name != "inbox"]
    out.print(f"Served: {', '.join(names)}. {prefect_server.pages()}", soft_wrap=True)
    served.run(raw.resolve(), settings.data.resolve(), inbox.resolve() if inbox else None)


def settings(data: Data = None, engine: Engine = None, language: Words = None) -> None:
    """Print every setting with its value, secrets masked, and where it comes from."""
    from flows import origins
    from reports.review.configuration import read_configuration

    options = {"data": data, "engine": engine, "language": language}
    found = load(**options)
    table = Table("setting", "value", "from", "variable")
    for one in (*origins.told_settings(found, options), *origins.told_configuration(read_configuration())):
        table.add_row(one.name, one.value, one.origin, one.variable)
    out.print(table)


def runs(
    last: Annotated[int, typer.Option(min=1, help="How many, the last ones.")] = 20,
    data: Data = None,
) -> None:
    """List the runs: when, of which period, what came of it, and how long it took. Each has a page in DATA/runs."""
    from flows.journal import is_at_work
    from reports.language import Language
    from reports.runs import records, words

    folder, english = load(data=data).folder, Language("en")
    found, damaged = records.runs(folder)
    if not found:
        out.print(f"No run is recorded in {folder.runs}. Start one: weaksignals run RAW", soft_wrap=True)
        return
    table = Table("started", "run", "flow", "period", "outcome", "took")
    for record in found[:last]:
        of_unfinished = "at work" if is_at_work(record) else words.OUTCOMES[records.KILLED]
        outcome = of_unfinished if record.outcome == records.UNFINISHED else words.OUTCOMES[record.outcome]
        period = f"{record.period:%Y-%m}" if record.period else "–"
        started, took = words.moment(record.started_at, english), words.duration(record.seconds, english)
        table.add_row(started, record.run_id, record.flow, period, outcome, took)
    out.print(table)
    for sentence in damaged:
        out.print(sentence, soft_wrap=True)


def print_inbox(arrivals: "Sequence[Arrival]", told: "Sequence[str]", month: "Month | None", why_run: str) -> None:
    """What became of each file and of messages about it, and what there is of the month."""
    from reports.dictionary import source_title
    from reports.language import Language
    from reports.received import remarks

    english = Language("en")
    for one in arrivals:
        out.print(str(one), soft_wrap=True)
    for sentence in told:
        out.print(sentence, soft_wrap=True)
    if not arrivals:
        out.print("Nothing new lies there.")
    if month is None:
        return
    named = ", ".join(source_title(name, english) for name in month.lacking) or "none"
    out.print(f"{month.due:%B %Y}: {len(month.there)} sources are there; awaited: {named}.", soft_wrap=True)
    print_remarks(remarks(month.told, english))
    if why_run:
        out.print(f"The run of {month.period:%Y-%m} starts. {why_run}", soft_wrap=True)


def doctor(data: Data = None) -> None:
    """Look whether this installation can run, and say what to do where it can't; nothing is changed."""
    from flows import doctor as room

    found = []
    for finding in room.findings(load(data=data)):
        found.append(finding)
        out.print(f"{finding.state:8}{finding.what}: {finding.sentence}", soft_wrap=True)
    problems = sum(finding.state == "problem" for finding in found)
    if problems:
        raise InputError(f"{problems} of these {'is a problem' if problems == 1 else 'are problems'}.")
