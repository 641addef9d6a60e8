"""What the load took: by kind of page, the time until it was there and the processor's time, as text and as JSON."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.load_agents import Agent, Answer
from benchmarks.measuring import machine

# With more running than this when it began, the machine was not ours alone.
IDLE = 1.0


@dataclass(frozen=True)
class Pages:
    """Pages of one kind. median, p95, largest: milliseconds until they were there; processor: the median of its own."""

    kind: str
    pages: int
    median: float
    p95: float
    largest: float
    processor: float | None = None


@dataclass(frozen=True)
class Phase:
    """A part of the run. processor: of the workers in milliseconds per page, all kinds together."""

    title: str
    agents: int
    seconds: float
    errors: Sequence[str]
    processor: float
    pages: Sequence[Pages]


def pages_of(kind: str, answers: Sequence[Answer]) -> Pages:
    """Pages of one kind in figures."""
    times = [1000 * one.seconds for one in answers]
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    processor = statistics.median(1000 * one.processor for one in answers)
    return Pages(kind, len(times), statistics.median(times), p95, max(times), processor or None)


def by_kind(answers: Sequence[Answer]) -> list[Pages]:
    """The first page of each kind of each agent apart, then the others, then all of them but for signing in."""
    found = []
    for kind in dict.fromkeys(one.kind for one in answers):
        for is_first in (True, False):
            same = [one for one in answers if one.kind == kind and one.is_first == is_first]
            found += [pages_of(f"{kind}, first" if is_first else kind, same)] if same else []
    pages = [one for one in answers if one.kind != "sign-in"]
    return [*found, *([pages_of("all", pages)] if pages else [])]


def phase(title: str, agents: Sequence[Agent], seconds: float, processor: float) -> Phase:
    """What agents met. processor: seconds of the workers in the meantime."""
    answers = [one for agent in agents for one in agent.answers]
    errors = [error for agent in agents for error in agent.errors]
    return Phase(title, len(agents), seconds, errors, 1000 * processor / max(len(answers), 1), by_kind(answers))


def print_phase(one: Phase) -> None:
    """As people read it."""
    print(f"\n{one.title}: {one.agents} agents, {one.seconds:.0f} s, {len(one.errors)} errors {list(one.errors[:5])}")
    print(f"  processor: {one.processor:.1f} ms of the workers per page")
    for pages in one.pages:
        print_pages(pages)


def print_pages(pages: Pages) -> None:
    """A line: until pages were there, and where it is known the processor's time."""
    own = f"  processor {pages.processor:6.1f} ms" if pages.processor else ""
    times = "  ".join(f"{value:7.1f}" for value in (pages.median, pages.p95, pages.largest))
    print(f"  {pages.kind:18} {pages.pages:5} pages; median, p95, largest in ms: {times}{own}")


def write_figures(path: Path, phases: Iterable[Phase], memory: Sequence[int], firms: int) -> None:
    """As programs read it, with whether the machine was idle when it began."""
    told = machine()
    is_idle = float(told["load when it began"]) <= IDLE
    found = {
        "machine": told,
        "is_idle": is_idle,
        "firms": firms,
        "memory_of_workers_mb": list(memory),
        "phases": [asdict(one) for one in phases],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
