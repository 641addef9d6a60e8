"""Fifty agents at once on a list of all France: how long pages take, also while a list is published.

Run: python benchmarks/review_load.py [--seconds 60] [--firms 350000] [--data DIR] [--database URL]

Writes a data folder of random firms (350,000 a list, one in 14 on alert, 12 lists, 3,000 follow-ups), or takes the one
that it wrote before (`--data`), and serves it with two workers. Then, in this order: who asks for firms outside their
territory; one agent and one lead alone; 50 agents of as many territories, who come in over half a minute, each with a
pause between two pages; and the same 50 while the next month's list is published.

How to read it. Each answer that is not the expected one is an error, a sign-in that is told to wait too: there must be
none. "first" is an agent's first page of a kind: where no one of the same territory was on that worker before, what is
kept of a territory is computed for it. Until a page is there hangs on what else the machine does, these agents and the
writer of the new list among it; the processor's time hardly does. Alone, it is measured for each page; together, for
all pages of the two workers, signing in among them, which takes a fifth of a second each. The figures go to
`benchmarks/figures/review-load.json` (`review-load-postgresql.json` where what agents write is kept there, see
`--database`), with how loaded the machine was when it began (`is_idle`). The aim: p95 of "all" under 200 ms on an idle
machine of two processors; alone, at most 60 ms of the processor per page, and 300 ms for a first one.
"""

import argparse
import multiprocessing
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx2
import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from benchmarks.load_agents import PASSWORD, Agent, Curious
from benchmarks.load_data import FIRMS, STEP, publish_next, write_data
from benchmarks.load_report import Phase, pages_of, phase, print_pages, print_phase, write_figures
from benchmarks.measuring import FIGURES
from features.nomenclatures import mapping
from reports.review import accounts, identity
from reports.review.access import Kind
from reports.review.codes import CLOSED, NORMAL, OUTCOMES, STATES
from reports.review.data import Reader
from reports.review.database import Case, CaseVersion, now, open_database

AGENTS: Final = 50
CASES: Final = 3000
PORT: Final = 8765
# Seconds: between two pages; over which the agents come in; alone.
PAUSE, COMING, ALONE = (2.0, 6.0), 30.0, 15.0
PROBES: Final = 200


@dataclass(frozen=True)
class Server:
    """The application on two workers. address: of its pages; process: the number of their parent."""

    address: str
    process: int

    @property
    def workers(self) -> list[int]:
        """The numbers of their processes."""
        return [int(n) for n in Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()]

    def processor(self) -> float:
        """Seconds of the processor that the workers took so far."""
        # The clock of another process, by its number: see clock_getcpuclockid.
        return sum(time.clock_gettime(~process << 3 | 2) for process in self.workers)

    def memory(self) -> list[int]:
        """The memory of each worker, in MB."""
        said = [Path(f"/proc/{process}/status").read_text() for process in self.workers]
        # Their parent starts a small process of its own beside them.
        return sorted(int(found[1]) // 1024 for text in said if (found := re.search(r"VmRSS:\s+(\d+)", text)))[-2:]


@contextmanager
def served(data: Path, port: int = PORT, *options: str, **settings: str) -> Iterator[Server]:
    """The application on two workers. settings: WEAKSIGNALS_REVIEW_* without that prefix."""
    told = {"DATA": str(data), "IS_LOCAL": "true", **settings}
    environment = {**os.environ, **{f"WEAKSIGNALS_REVIEW_{name}": value for name, value in told.items()}}
    command = [sys.executable, "-m", "uvicorn", "--factory", "reports.review.app:from_environment", "--workers", "2"]
    process = subprocess.Popen([*command, "--port", str(port), "--log-level", "error", *options], env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                if httpx2.get(f"{address}/health").status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.5)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait()


def territory(n: int) -> list[str]:
    """Most agents work in a département, some in a region, one in ten on the whole country."""
    codes = sorted(mapping("departements", "departement", "departement_label"))
    return ["FR"] if n % 10 == 0 else ["Bretagne"] if n % 10 == 1 else [codes[n % len(codes)]]


def names() -> list[str]:
    """Of the accounts; one in ten leads a team."""
    return [f"{'lead' if n % 10 in (0, 2) and n % 4 == 0 else 'agent'}{n}" for n in range(AGENTS)]


def prepare(data: Path, firms: int, database: str) -> None:
    """The data folder, and the database with its accounts and follow-ups, where they are not there yet."""
    if not (data / "lists").exists():
        write_data(data, firms)
    engine = open_database(database)
    if not identity.all_accounts(engine):
        kinds = [str(kind) for kind in Kind]
        for n, name in enumerate(names()):
            role = "team_lead" if name.startswith("lead") else "agent"
            accounts.add_user(engine, name, role, territory(n), kinds, PASSWORD)
        _follow(engine, Reader(data))
    engine.dispose()


def _follow(engine: sa.Engine, reader: Reader) -> None:
    """Follow-ups of firms on alert all over France, opened within a year, each with up to three versions."""
    published, chance = reader.published(None), random.Random(0)  # noqa: S311 - no secret
    query = "SELECT siren FROM read_parquet(?) WHERE alert <> 'none' ORDER BY hash(siren) LIMIT ?"
    with Transaction(engine) as db, db.begin():
        for row in reader.query(query, [str(published.path), CASES]):
            who, at = chance.choice(names()), now() - timedelta(days=chance.uniform(0, 365))
            case = Case(siren=row["siren"], list_period=published.key, model_id=published.model_id, by=who, at=at)
            db.add(case)
            db.flush()
            follows = 0
            for state in list(STATES)[: chance.randint(1, 3)] + [CLOSED] * (chance.random() < 0.3):
                version = CaseVersion(
                    case_id=case.id,
                    state=state,
                    on=at.date(),
                    priority=NORMAL,
                    in_charge=who,
                    participants=[],
                    difficulties=["cash"],
                    actions={},
                    contacts="",
                    by=who,
                    next_on=(at + timedelta(days=60)).date(),
                    next_step="rappeler",
                    summary="vue",
                    outcome=chance.choice(list(OUTCOMES)) if state == CLOSED else "",
                    follows=follows,
                    at=at,
                )
                db.add(version)
                db.flush()
                follows = version.id


def alone(server: Server, name: str) -> Phase:
    """One agent on the two workers, who waits for nothing."""
    start, processor = time.monotonic(), server.processor()
    agent = Agent(server.address, name, start + ALONE, processor=server.processor)
    agent.run()
    return phase(f"{name}, alone", [agent], time.monotonic() - start, server.processor() - processor)


def together(server: Server, title: str, seconds: float, meanwhile: Callable[[], object] | None = None) -> Phase:
    """All agents, who come in over some seconds. meanwhile: what is done once they are all at work."""
    start, processor = time.monotonic(), server.processor()
    coming = {name: start + n * COMING / AGENTS for n, name in enumerate(names())}
    agents = [Agent(server.address, name, start + seconds, PAUSE, enters) for name, enters in coming.items()]
    for agent in agents:
        agent.start()
    if meanwhile:
        time.sleep(COMING + 5)
        meanwhile()
    for agent in agents:
        agent.join()
    return phase(title, agents, time.monotonic() - start, server.processor() - processor)


def refusals(server: Server, firms: int) -> None:
    """Print how long it takes to be refused a firm outside the territory, and one that is none."""
    curious, numbers = Curious(server.address, names()[3], 0), range(1, firms, max(1, firms // PROBES))
    curious.ask_for([(f"{n * STEP + 1:09}", f"{n * STEP + 2:09}") for n in numbers])
    print("refused, alone")
    for kind in ("outside", "none"):
        print_pages(pages_of(kind, [one for one in curious.answers if one.kind == kind]))


def _phases(server: Server, data: Path, seconds: float, firms: int) -> Iterator[Phase]:
    yield alone(server, names()[2])
    yield alone(server, names()[0])
    yield together(server, "together", seconds)
    yield together(server, "while a list is published", seconds, lambda: _published_apart(data, firms))


def _published_apart(data: Path, firms: int) -> None:
    """Publish as a run does: in a process of its own, which leaves the processor to those who read (see `deploy/`)."""
    process = multiprocessing.get_context("spawn").Process(target=_published, args=(data, firms))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError("The next list was not published.")


def _published(data: Path, firms: int) -> None:
    os.nice(10)
    publish_next(data, firms)


def main() -> None:
    """Write, serve, read, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--database", help="Where what agents write is kept; SQLite in the data folder if not given.")
    parser.add_argument("--figures", type=Path, default=FIGURES, help="Where the figures go.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data or Path(scratch)
        database = sa.make_url(given.database or f"sqlite:///{data.resolve() / 'review' / 'review.db'}")
        url = database.render_as_string(hide_password=False)
        prepare(data, given.firms, url)
        with served(data, DATABASE=url) as server:
            refusals(server, given.firms)
            phases = []
            for one in _phases(server, data, given.seconds, given.firms):
                phases.append(one)
                print_phase(one)
            memory = server.memory()
            print(f"\nmemory of the workers: {memory} MB")
        name = (
            "review-load" if database.get_backend_name() == "sqlite" else f"review-load-{database.get_backend_name()}"
        )
        write_figures(given.figures / f"{name}.json", phases, memory, given.firms)
    sys.exit(any(one.errors for one in phases))


if __name__ == "__main__":
    main()
