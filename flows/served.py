"""The flows with their schedules, as one process serves them; `prefect.yaml` says the same to a server with workers."""

import logging
from pathlib import Path
from typing import Any, Final

from prefect import flow, get_client, serve
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType

from features import store
from features.errors import InputError
from flows import due, monthly
from flows.inbox import Inbox, tell_of_quarantine, time_of
from flows.parameters import Folder, progress, settings_of, writer

NAME: Final = "weaksignals"
ZONE: Final = "Europe/Paris"
# Minute, hour, day of the month, month, day of the week: two hours into the day of delivery, each quarter, each Monday.
SCHEDULES: Final[dict[str, str]] = {
    "monthly": "0 2 25 * *",
    "retraining": "0 4 26 1,4,7,10 *",
    "monitoring": "0 6 * * 1",
    "reminders": "0 7 * * 1",
    "inbox": "*/10 * * * *",
}


@flow(name="inbox")
def inbox(folder: Folder, raw: Folder, data: Folder = "data") -> None:
    """File what partners dropped into the batches under `raw`; start the month's run where it is due."""
    settings, say = settings_of(data), progress()
    with store.locked(settings.data, writer()):
        at = Inbox(settings, Path(folder), Path(raw), time_of(None))
        arrivals = at.take_in()
        for sentence in (*map(str, arrivals), *tell_of_quarantine(settings, arrivals)):
            say(sentence)
        month = due.month_there(settings, at.raw) if at.batches() else None
    if month and (why := due.why_due(settings, month, at.day)):
        say(why)
        with due.remembered(settings, month):
            monthly.monthly(raw=raw, data=data, period=f"{month.period:%Y-%m}")


@flow(name="reminders")
def reminders(data: Folder = "data") -> None:
    """Remind agents of their follow-ups by mail, where the settings name a mail server."""
    settings, say = settings_of(data), progress()
    if not settings.notify.smtp_host:
        say("No reminder is sent: [notify] names no mail server.")
        return
    # Imported here: the application's words and records, which no other flow needs.
    from flows.reminders import remind

    found = list(remind(settings))
    say(f"{sum(not one.problem for one in found)} reminders sent.")
    if failed := [one for one in found if one.problem]:
        raise InputError(f"{len(failed)} reminders could not be sent. The first one: {failed[0].problem}")


FLOWS: Final[dict[str, Any]] = {
    "monthly": monthly.monthly,
    "retraining": monthly.retraining,
    "monitoring": monthly.monitoring,
    "reminders": reminders,
    "inbox": inbox,
}


def deployments(raw: Path, data: Path, drop: Path | None) -> list[RunnerDeployment]:
    """Each flow with its schedule, on the batches under `raw` and the data folder `data`.

    drop: the folder in which partners drop files; None where they don't. With it, the inbox starts the monthly run.
    """
    given = {"monthly": {"raw": str(raw)}, "inbox": {"folder": str(drop), "raw": str(raw)}}
    return [
        FLOWS[name].to_deployment(
            NAME,
            schedule=None if drop and name == "monthly" else Cron(cron, timezone=ZONE),
            parameters={**given.get(name, {}), "data": str(data)},
            # By module: the run finds the package that is installed, wherever the process stands.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, cron in SCHEDULES.items()
        if drop or name != "inbox"
    ]


def close_lost_runs() -> None:
    """Tell a server that no other process uses that the runs which it takes to be at work ended with the last one."""
    at_work = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
    chosen = FlowRunFilter(state=FlowRunFilterState(type=at_work))
    with get_client(sync_client=True) as client:
        for lost in client.read_flow_runs(flow_run_filter=chosen):
            client.set_flow_run_state(lost.id, Crashed(message="The process that ran it was ended."), force=True)


def run(raw: Path, data: Path, drop: Path | None) -> None:
    """Serve them until the process is told to end, one run at a time: the others wait.

    Schedules go on while it is down: what was due starts when it serves again. No limit is kept by Prefect, where a run
    that was killed would hold its place: the lock of the data folder ends with the process that has it.
    """
    # Told to end, Prefect cancels what it waits for, of which asyncio would print the tracebacks.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    serve(*deployments(raw, data, drop), limit=1, pause_on_shutdown=False, print_starting_message=False)
