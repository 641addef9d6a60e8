"""How long what nothing needs any more is kept, as the settings give it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Keeping:
    """What `weaksignals gc` leaves, beside all that a list, the model in use or an answer needs.

    models: how many models, of the last registered and of the last in use. months: how far back from the newest of its
    kind something stays: reports on deliveries, what was rejected of them, pages of refused lists, reports of runs.
    """

    models: int = 3
    months: int = 24

    def __post_init__(self) -> None:  # noqa: D105
        if self.models < 0 or self.months < 0:
            raise ValueError("models and months must be 0 or more")
