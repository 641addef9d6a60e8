"""`python -m docs.generate` writes `docs/reference/`; `make docs` calls it before it builds the site."""

import shutil

from docs.generate import ROOT
from docs.generate.pages import pages

TARGET = ROOT / "docs" / "reference"


def main() -> None:
    """Write every generated page afresh."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "pictures", TARGET / "pictures", ignore=shutil.ignore_patterns("*.py", "__pycache__"))


if __name__ == "__main__":
    main()
