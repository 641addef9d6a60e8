"""Texts of the administration that runs the application: read once, from the files that it writes."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from features.errors import InputError
from reports.language import LANGUAGES
from reports.register_entry import OWN

CONFIDENTIALITY: Final = "confidentiality"
# Name of the file and of the page -> its title. Those of PUBLIC are linked below every page.
PUBLIC: Final = {
    "legal": "Legal notice",
    "privacy": "Personal data",
    "accessibility": "Accessibility",
}
TITLES: Final = {**PUBLIC, CONFIDENTIALITY: "Confidentiality notice"}
# What only the administration knows for registers of algorithms, by the key of the field.
REGISTER: Final = "register.toml"
FILES: Final = {f"{name}.{code}.txt": (name, code) for name in TITLES for code in LANGUAGES}


@dataclass(frozen=True)
class Texts:
    """found: (name, language) -> text. register: (field, language) -> what is said of the algorithm."""

    found: Mapping[tuple[str, str], str] = field(default_factory=dict)
    register: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def own(self, code: str) -> dict[str, str]:
        """What is said of the algorithm, by field: in a language, else in the other."""
        return {key: self.register.get((key, code), text) for (key, _), text in self.register.items()}

    def of(self, name: str, code: str) -> tuple[str, str]:
        """The text in a language, else in the other, and which it is; empty where there is none."""
        return next(((self.found[name, one], one) for one in (code, *LANGUAGES) if (name, one) in self.found), ("", ""))

    @property
    def public(self) -> dict[str, str]:
        """The pages that there are, with their titles."""
        return {name: title for name, title in PUBLIC.items() if self.of(name, LANGUAGES[0])[0]}

    @property
    def notice(self) -> str:
        """What tells one version of the confidentiality notice from another; empty where there is none."""
        versions = [self.found.get((CONFIDENTIALITY, code), "") for code in LANGUAGES]
        return hashlib.sha256("\0".join(versions).encode()).hexdigest()[:16] if any(versions) else ""


def read_texts(folder: Path | None) -> Texts:
    """The texts of a folder; none where no folder is set.

    Raises InputError where the folder is not there, or holds a text of another name or no text at all.
    """
    if folder is None:
        return Texts()
    if not folder.is_dir():
        raise InputError(f"The folder of texts {folder} is not there. Correct WEAKSIGNALS_REVIEW_TEXTS.")
    found = {}
    for path in sorted(folder.glob("*.txt")):
        if path.name not in FILES:
            raise InputError(f"{path} is none of the texts of the application: {', '.join(FILES)}. Rename it.")
        try:
            found[FILES[path.name]] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{path} can't be read as UTF-8 text. Write it again.") from None
    return Texts({key: text for key, text in found.items() if text}, _read_register(folder / REGISTER))


def _read_register(path: Path) -> dict[tuple[str, str], str]:
    """A text counts for all languages, a table of texts for each of its own."""
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} can't be read ({error}). Write it again as TOML.") from None
    found: dict[tuple[str, str], str] = {}
    for key, told in content.items():
        said = dict.fromkeys(LANGUAGES, told) if isinstance(told, str) else told
        if key not in OWN or not isinstance(said, dict) or set(said) - set(LANGUAGES):
            raise InputError(
                f"{path}: {key} is no field that the administration fills in, or no text nor table of texts in "
                f"{' and '.join(LANGUAGES)}. The fields are: {', '.join(OWN)}."
            )
        found |= {(key, code): str(text).strip() for code, text in said.items()}
    return {key: text for key, text in found.items() if text}


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text, between blank lines: those that start with "# " are headings, the others paragraphs."""
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        head, _, rest = part.strip().partition("\n") if part.lstrip().startswith("# ") else ("", "", part.strip())
        if head:
            yield "heading", head.removeprefix("# ")
        if rest.strip():
            yield "paragraph", rest.strip()
