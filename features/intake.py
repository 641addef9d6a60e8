"""What is asked of the files that partners drop, as people set it."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Intake:
    """When a file that was dropped is looked at, what it is compared with, and when the month's run starts.

    quiet_seconds: for how long a file must not have changed, before which it may still be arriving.
    least_volume, most_volume: how many records a file may hold, in times those of the last delivery of it.
    early_days: how many days before the day of delivery a month's files may come; earlier ones are of the month before.
    required: the sources that the month's run waits for; where none is named, all with dates that were ever delivered.
    run_after_days: how many days after the day of delivery the run starts with what there is.
    """

    quiet_seconds: int = 60
    least_volume: float = 0.7
    most_volume: float = 1.5
    early_days: int = 5
    required: tuple[str, ...] = ()
    run_after_days: int = 5

    def __post_init__(self) -> None:  # noqa: D105
        if problems := list(_problems(self)):
            raise ValueError(" and ".join(problems))


def _problems(intake: Intake) -> Iterator[str]:
    for name in ("quiet_seconds", "early_days", "run_after_days"):
        if getattr(intake, name) < 0:
            yield f"{name} must be 0 or more"
    if not 0 <= intake.least_volume <= 1 <= intake.most_volume:
        yield "least_volume must be from 0 to 1, and most_volume at least 1"
