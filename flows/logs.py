"""What goes on, for a log: plain sentences, or one JSON object a line with the ids of the run and of its batch.

A log is kept and sent on: no firm is named in it.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reports.unnamed import without_numbers

LogFormat = Literal["text", "json"]
Level = Literal["info", "warning", "error"]


@dataclass
class Log:
    """How lines are written, and of which run they are. One process does one run at a time."""

    format: LogFormat = "text"
    run_id: str = ""
    batch: str = ""

    def line(self, message: str, level: Level = "info") -> str:
        """A message as it is written."""
        if self.format == "text":
            return message
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        ids = {"at": at, "level": level, "run_id": self.run_id, "batch": self.batch}
        known = {key: value for key, value in ids.items() if value}
        return json.dumps({**known, "message": without_numbers(message)}, ensure_ascii=False)


LOG = Log()
