"""What flows are given: texts that a schedule can hold, and that Prefect's pages show and check."""

from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Final, Literal

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from features.scope import Engine
from flows.logs import LOG
from flows.settings import Settings, load
from flows.terminal import tell
from models.protocol import Progress

Folder = Annotated[str, Field(min_length=1, description="A folder of the machine that runs the flow.")]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="A month, YYYY-MM.")]
Firms = Annotated[int, Field(ge=1, description="How many firms.")]
Words = Literal["fr", "en"]

# How the one who starts a flow in this process is told what goes on; in the flow's log where nobody set it.
SAY: Final[ContextVar[Progress | None]] = ContextVar("SAY", default=None)


def settings_of(data: str, language: Words | None = None, engine: Engine | None = None) -> Settings:
    """The settings of a data folder, with what a flow was given."""
    return load(data=Path(data), language=language, engine=engine)


def progress() -> Progress:
    """Where the steps of a run are told: by who started it, else in the flow's log, and ours where that is JSON."""
    try:
        return SAY.get() or _told(get_run_logger().info)
    except MissingContextError:
        return print


def _told(log: Progress) -> Progress:
    def told(step: str) -> None:
        log(step)
        if LOG.format == "json":
            tell(step)

    return told


def writer() -> str:
    """The name that a run locks the data folder under; blank for one that a command started."""
    return f"the flow run {flow_run.name}" if flow_run.name and SAY.get() is None else ""
