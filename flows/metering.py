"""What a stage of a run takes: time by the clock, time of the processor, and the most memory of this process."""

import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STATUS: Final = Path("/proc/self/status")
CLEAR: Final = Path("/proc/self/clear_refs")
# What Linux takes for: forget the most memory that was in use so far.
FORGET_THE_PEAK: Final = "5"
PEAK: Final = "VmHWM:"


@dataclass(frozen=True)
class Meter:
    """Started when it is made."""

    _clock: float = field(default_factory=time.monotonic)
    _processor: float = field(default_factory=time.process_time)

    def __post_init__(self) -> None:  # noqa: D105
        # Where it can't be forgotten, the peak of a stage is that of the run so far.
        with suppress(OSError):
            CLEAR.write_text(FORGET_THE_PEAK)

    @property
    def seconds(self) -> float:
        """By the clock."""
        return time.monotonic() - self._clock

    @property
    def cpu_seconds(self) -> float:
        """Of the processor, over all threads of this process."""
        return time.process_time() - self._processor

    @property
    def peak_mb(self) -> int:
        """The most memory that was in use at once, in megabytes."""
        return _peak_kb() // 1000


def _peak_kb() -> int:
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith(PEAK):
                return int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts in bytes.
    return peak // 1000 if sys.platform == "darwin" else peak
