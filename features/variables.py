"""The environment's variables: one that no setting is named after is refused, with the nearest name that is one."""

import os
from collections.abc import Collection
from difflib import get_close_matches

from features.errors import InputError

PREFIX = "WEAKSIGNALS_"


def refuse_unknown_variables(known: Collection[str], prefix: str = PREFIX) -> None:
    """Raise InputError naming each variable that starts with `prefix` and is not known; its value is never told.

    known: full names, in capitals. A misspelt variable would silently leave a setting, or a protection, as it was.
    """
    found = (name.upper() for name in os.environ if name.upper().startswith(prefix))
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise InputError(" ".join(_told(name, known) for name in unknown) + " Correct or unset it.")


def _told(name: str, known: Collection[str]) -> str:
    # Without what all of them begin with, which makes any two look alike.
    near = get_close_matches(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], n=1)
    return f"No setting is named {name}" + (f": did you mean {PREFIX}{near[0]}?" if near else ".")
