"""Stages that name the file of the data folder that made them fail, where one is damaged."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from features import damage
from flows.settings import Settings

Given = ParamSpec("Given")
Made = TypeVar("Made")


def naming_damage(
    stage: Callable[Concatenate[Settings, Given], Made],
) -> Callable[Concatenate[Settings, Given], Made]:
    """The stage, which names the file of the data folder that made it fail, where one is damaged."""

    @functools.wraps(stage)
    def told(settings: Settings, /, *given: Given.args, **named: Given.kwargs) -> Made:
        with damage.told(settings.folder):
            return stage(settings, *given, **named)

    return told
