"""Passwords: which are refused, and how they are kept."""

import re
import secrets
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from features.errors import InputError

SHORTEST: Final = 12
# The form's own limit: hashing takes as long as the text is.
LONGEST: Final = 500
# Characters that must be left once what anyone would guess is taken away.
FEWEST_LEFT: Final = 8
FEWEST_DIFFERENT: Final = 5
LENGTH: Final = "A password has from 12 to 500 characters."
NAMED: Final = "This password is little more than the name of the account or of this application. Choose another."
PREDICTABLE: Final = "This password repeats itself, or follows the keyboard or the alphabet. Choose another."
COMMON: Final = "This password is one of those that are guessed first. Choose another."
MESSAGES: Final = (LENGTH, NAMED, PREDICTABLE, COMMON)
_OURS: Final = ("weaksignals", "signauxfaibles", "signaux", "faibles")
_ROWS: Final = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm")
_NEXT: Final = frozenset(pair for row in _ROWS for way in (row, row[::-1]) for pair in pairwise(way))

_hasher = PasswordHasher()
# Checked where the account is unknown, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash(secrets.token_urlsafe())


class RefusedPasswordError(InputError):
    """A password that would be guessed; the message is one of MESSAGES."""


def hashed(password: str, name: str, common: Path | None = None) -> str:
    """The hash of a new password for the account `name`.

    common: a list of passwords that are guessed first, one a line, which others maintain.
    Raises RefusedPasswordError; InputError where the list can't be read.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RefusedPasswordError(LENGTH)
    plain = _plain(password)
    if len(_without_names(plain, name)) < FEWEST_LEFT:
        raise RefusedPasswordError(NAMED)
    if len(set(_surprising(plain))) < FEWEST_DIFFERENT:
        raise RefusedPasswordError(PREDICTABLE)
    if common is not None and _is_listed(password, common):
        raise RefusedPasswordError(COMMON)
    return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one of its hash; it takes as long, and as much memory, where there is none."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except VerificationError:
        return False
    return password_hash is not None


def _plain(text: str) -> str:
    """Without accents, capitals and blanks."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in spread if not unicodedata.combining(c) and not c.isspace())


def _without_names(plain: str, name: str) -> str:
    parts = [part for part in re.split(r"[\W_]+", _plain(name)) if len(part) > 2]
    for word in sorted({*parts, *_OURS}, key=len, reverse=True):
        plain = plain.replace(word, "").replace(word[::-1], "")
    return plain


def _surprising(plain: str) -> str:
    """The characters that neither repeat the one before nor follow it on a keyboard or in the alphabet."""
    pairs = pairwise(plain)
    return plain[:1] + "".join(after for before, after in pairs if after != before and (before, after) not in _NEXT)


def _is_listed(password: str, common: Path) -> bool:
    """Whether the list holds the password, or what is left of it without capitals, and figures or signs around."""
    whole = password.casefold()
    asked = {whole, whole.strip("0123456789!?.,;:*$#@+-_ ")} - {""}
    try:
        with common.open(encoding="utf-8", errors="replace") as lines:
            return any(line.rstrip("\r\n").casefold() in asked for line in lines)
    except OSError as error:
        raise InputError(
            f"The list of common passwords {common} can't be read ({error.strerror}). Correct "
            "WEAKSIGNALS_REVIEW_COMMON_PASSWORDS."
        ) from None
