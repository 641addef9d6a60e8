"""Stages that name the file of the data folder that made them fail, where one is damaged."""

import functools
from collections.abc import Callable
from datetime import date
from typing import Concatenate, Final, ParamSpec, TypeVar

from features import damage
from features.folder import FeatureTable
from features.periods import add_months
from features.unaltered import refuse_altered_rows
from flows.settings import Settings

# A list tells of the list before, and of a firm's year.
TOLD_MONTHS: Final = 12
Given = ParamSpec("Given")
Made = TypeVar("Made")


def refuse_altered(table: FeatureTable, period: date) -> None:
    """Raise InputError where what a list of a period is made of is not what was built."""
    since = add_months(period, -TOLD_MONTHS)
    refuse_altered_rows(table, [built for built in table.periods if since <= built <= period])


def naming_damage(
    stage: Callable[Concatenate[Settings, Given], Made],
) -> Callable[Concatenate[Settings, Given], Made]:
    """The stage, which names the file of the data folder that made it fail, where one is damaged."""

    @functools.wraps(stage)
    def told(settings: Settings, /, *given: Given.args, **named: Given.kwargs) -> Made:
        with damage.told(settings.folder):
            return stage(settings, *given, **named)

    return told
