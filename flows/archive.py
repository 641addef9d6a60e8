"""What a back-up is: a tar archive that says first what it holds, and last the SHA-256 of each file in it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final

from features.records import Upgrades

RECORD, SUMS = "backup.json", "sums.json"
# The names of the data folder's files, and of a PostgreSQL database.
DATA, DUMP = "data/", "review.pgdump"
UPGRADES: Final[Upgrades] = {}


@dataclass(frozen=True)
class BackUp:
    """What an archive holds: how many files, of how many bytes, and whether a dump of PostgreSQL is among them."""

    made_at: datetime
    program: str
    files: int
    size: int
    has_dump: bool


class Summed:
    """A file that is read once, to its end; its SHA-256 is known then."""

    def __init__(self, file: IO[bytes]) -> None:  # noqa: D107
        self._file, self._sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self._sum.update(piece)
        return piece

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._sum.hexdigest()
