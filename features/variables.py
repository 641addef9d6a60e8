"""Names of settings: one that is none is refused, with the name it has today, or the nearest that is one."""

import os
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from features.errors import InputError

PREFIX = "WEAKSIGNALS_"


def refuse_unknown_variables(known: Collection[str], former: Mapping[str, str], prefix: str = PREFIX) -> None:
    """Raise InputError naming each variable that starts with `prefix` and is not known; its value is never told.

    known: names in capitals, without PREFIX; former: such a name of old -> that of today.
    A misspelt variable would silently leave a setting, or a protection, as it was.
    """
    found = {name.upper().removeprefix(PREFIX) for name in os.environ if name.upper().startswith(prefix)}
    unknown = sorted(found - set(known))
    if unknown:
        told = (f"No setting is named {PREFIX}{name}{hint(name, known, former, PREFIX)}" for name in unknown)
        raise InputError(" ".join(told) + " Correct or unset it.")


def hint(name: str, known: Collection[str], former: Mapping[str, str], prefix: str = "") -> str:
    """The end of a sentence on a name that is not known: what it is called today, or what may be meant."""
    if name in former:
        return f": it is now called {prefix}{former[name]}."
    near = get_close_matches(name, known, n=1)
    return f": did you mean {prefix}{near[0]}?" if near else "."
