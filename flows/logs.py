"""What goes on, for a log: plain sentences, or one JSON object a line with the ids of the run and of its batch.

Nothing in it tells of a firm: steps are told by their names and counts.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

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
        content = {"at": at, "level": level, "run_id": self.run_id, "batch": self.batch, "message": message}
        return json.dumps({key: value for key, value in content.items() if value}, ensure_ascii=False)


LOG = Log()
