"""That every route declares the rule by which it admits its visitors."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from reports.review.access import Rule
from reports.review.guard import Admitted


def rule_of(route: Any) -> Rule | None:
    """The rule that a route declares, None where it has none."""
    if not isinstance(route, APIRoute):
        return None
    return next((call.rule for call in _calls(route.dependant) if isinstance(call, Admitted)), None)


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)


def refuse_routes_without_rule(app: FastAPI, static: str) -> None:
    """Raise RuntimeError where a route other than the static files declares no rule: the application does not start."""
    bare = [route.path for route in app.routes if rule_of(route) is None and getattr(route, "name", "") != static]  # type: ignore[attr-defined]  # every route has a path
    if bare:
        raise RuntimeError(f"Routes without a rule: {', '.join(bare)}. Declare one with Admitted(...).")
