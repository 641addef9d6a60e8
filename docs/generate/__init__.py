"""Pages made from the code at build time: never typed by hand, never committed."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
