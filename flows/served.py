"""The flows with their schedules, as one process serves them; `prefect.yaml` says the same to a server with workers."""

import logging
from pathlib import Path
from typing import Any, Final

from prefect import serve
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows import monthly

NAME: Final = "weaksignals"
ZONE: Final = "Europe/Paris"
# Minute, hour, day of the month, month, day of the week: two hours into the day of delivery, each quarter, each Monday.
SCHEDULES: Final[dict[str, str]] = {
    "monthly": "0 2 25 * *",
    "retraining": "0 4 26 1,4,7,10 *",
    "monitoring": "0 6 * * 1",
}
FLOWS: Final[dict[str, Any]] = {
    "monthly": monthly.monthly,
    "retraining": monthly.retraining,
    "monitoring": monthly.monitoring,
}


def deployments(raw: Path, data: Path) -> list[RunnerDeployment]:
    """Each flow with its schedule, on the batches under `raw` and the data folder `data`."""
    given = {"monthly": {"raw": str(raw), "data": str(data)}}
    return [
        FLOWS[name].to_deployment(
            NAME,
            schedule=Cron(cron, timezone=ZONE),
            parameters=given.get(name, {"data": str(data)}),
            concurrency_limit=1,
            # By module: the run finds the package that is installed, wherever the process stands.
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for name, cron in SCHEDULES.items()
    ]


def run(raw: Path, data: Path) -> None:
    """Serve them until the process is told to end, one run at a time: the others wait.

    Schedules go on while it is down: what was due starts when it serves again.
    """
    # Told to end, Prefect cancels what it waits for, of which asyncio would print the tracebacks.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    serve(*deployments(raw, data), limit=1, pause_on_shutdown=False, print_starting_message=False)
