"""Fifty agents at once on a list of all France: how long pages take.

Run: python benchmarks/review_load.py [--seconds 60] [--firms 350000]

Writes a data folder of random firms (350,000 a list, one in 14 on alert, 12 lists), serves it with two workers, and
lets 50 agents of as many territories read, filter, open and follow firms, and export, each with a pause between two
pages. Before, it asks for the home page and the page of the territory in this process, alone, as an agent of a
département and as a lead of the whole country, for the first time and again, and prints their processor time.
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import httpx2
from starlette.testclient import TestClient

from features.assemble import CATALOG
from features.folder import BUILD
from features.nomenclatures import mapping
from features.periods import add_months
from features.records import write_record
from features.store import ROW_GROUP
from features.table_record import BUILD_UPGRADES, BuildRecord
from models.calibration.interval import RiskInterval
from models.calibration.shapes import Platt
from models.protocol import DEFAULTS, Protocol, Sampling
from models.registry import registry
from models.registry.model import RiskModel
from models.registry.records import ModelFacts, Span, Spans, TrainingData
from models.rows.inputs import Input
from reports.review import accounts, identity
from reports.review.access import Kind
from reports.review.app import create_app, warm_up
from reports.review.configuration import read_configuration
from reports.review.database import open_database

FIRMS, LISTS, AGENTS, PORT = 350_000, 12, 50, 8765
LAST = date(2024, 2, 1)
# One in so many firms is on high alert, on alert.
HIGH, ALERT = 350, 14
# From one SIREN to the next; how many are asked for in vain.
STEP, PROBES = 2609, 200
PASSWORD = "a long enough password"  # noqa: S105 - of accounts that live as long as the run
PAUSE = (2.0, 6.0)
INTERVAL = RiskInterval((0.0,), (0.1,), 0.2)
BUILT = BuildRecord(
    start=add_months(LAST, 1 - LISTS),
    end=LAST,
    horizon=18,
    min_headcount=10,
    excluded_categories=(),
    excluded_activities=(),
    min_turnover=1_000_000,
    warm_up_months=24,
    checked=(),
    observed_until=LAST,
    batch="2401_simulated",
    simulated=True,
    absent_sources=(),
    todays_shares={},
    dictionary_version="",
    dictionary={},
    fingerprint="",
    files=(),
    contents={},
)


def made_up_facts() -> ModelFacts:
    """The facts of a model that was never trained."""
    span = Span(LAST, LAST, rows=6, firms=1, failures=0)
    made_of = TrainingData("", "", {}, True, "", LAST, (), {}, 10, (), ())
    protocol = Protocol(6, 6, 1, 1, Sampling(), DEFAULTS, refits=0, origins=1, seed=0)
    return ModelFacts(add_months(LAST, -1), 18, protocol, Spans(span, span, span), made_of, "", {}, 0, None)


def write_data(data: Path, firms: int) -> None:
    """A data folder of so many random firms."""
    con = duckdb.connect()
    quantities = [f.name for f in CATALOG if not f.is_category]
    inputs = tuple(
        Input(f.name, f.theme, f.unit, f.direction, f.root)
        for f in CATALOG
        if not f.is_category and f.derived_from is None
    )
    model = RiskModel("tree", inputs, Platt(1.0, 0.0), INTERVAL, (), (), made_up_facts())
    model_id = registry.save(data / "models", model, None, "")
    registry.promote(data / "models", model_id, "to try the load")
    codes = sorted(mapping("departements", "departement", "departement_label"))
    con.execute("CREATE TABLE codes AS SELECT unnest(?) AS code", [codes])
    regions = mapping("departements", "departement", "region_label")
    con.execute(
        "CREATE TABLE regions AS SELECT unnest(?) AS departement, unnest(?) AS region",
        [list(regions), list(regions.values())],
    )
    con.execute("CREATE TABLE activities AS SELECT unnest(?) AS code", [sorted(mapping("naf_rev2", "code", "label"))])
    con.execute(
        f"""CREATE TABLE firms AS SELECT lpad((i * {STEP} + 1)::VARCHAR, 9, '0') AS siren, i AS rank,
        'FIRM ' || i AS name, 'O' AS diffusion, '5710' AS legal_category,
        (SELECT list(code ORDER BY code) FROM activities)[1 + (hash(i + 7) % 732)::INT] AS naf,
        (10 + 990 / (1 + hash(i + 9) % 99))::FLOAT AS headcount, DATE '2001-05-01' AS created_on,
        (SELECT list(code ORDER BY code) FROM codes)[1 + (hash(i) % {len(codes)})::INT] AS departement,
        'COMMUNE' AS commune_name FROM range(1, {firms + 1}) t(i)"""  # noqa: S608
    )
    (data / "features").mkdir(parents=True)
    copy(con, "SELECT * EXCLUDE headcount FROM firms", data / "features" / "firms.parquet")
    write_record(data / "features" / BUILD, BUILT, BUILD_UPGRADES)
    for n in range(LISTS):
        write_period(con, data, add_months(LAST, n - LISTS + 1), quantities, inputs, model_id)


def copy(con: duckdb.DuckDBPyConnection, sql: str, path: Path, options: str = "") -> None:
    """The rows of a query as a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP} {options})")


def write_period(
    con: duckdb.DuckDBPyConnection,
    data: Path,
    period: date,
    quantities: list[str],
    inputs: tuple[Input, ...],
    model_id: str,
) -> None:
    """The features, scores, contributions and list of a month; each month, ranks move somewhat."""
    moved = f"rank * (1 + hash(rank, DATE '{period}') % 1000 / 2000)"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE ranked AS
        SELECT * REPLACE (row_number() OVER (ORDER BY {moved}) AS rank) FROM firms"""  # noqa: S608
    )
    # Since half a year, one firm in forty is in a procedure.
    failed = f"(hash(siren) % 40 = 0 AND DATE '{period}' > DATE '{add_months(LAST, -6)}')"
    high, alert = (con.table("ranked").shape[0] // share for share in (HIGH, ALERT))
    values = ", ".join(f"random()::FLOAT AS {name}" for name in quantities if name != "accounts_confidential")
    copy(
        con,
        f"""SELECT siren, {values}, 0::FLOAT AS accounts_confidential, departement, 'C' AS naf_section,
        naf[1:2] AS naf_division, 'in_bonis' AS procedure_state, false AS in_procedure
        FROM ranked ORDER BY siren""",  # noqa: S608
        data / "features" / f"period={period}" / "part-0.parquet",
    )
    scores = data / "scores" / f"period={period}"
    risk = "1 / (1 + exp(3.0 - 4.0 * (1 - rank / (SELECT count(*) FROM ranked))))"
    copy(con, f"SELECT siren, ({risk})::DOUBLE AS probability FROM ranked ORDER BY siren", scores / "scores.parquet")  # noqa: S608
    parts = ", ".join(f"(random() - 0.5) / 5 AS {column.name}" for column in inputs)
    copy(con, f"SELECT siren, -3::DOUBLE AS base, {parts} FROM ranked ORDER BY siren", scores / "contributions.parquet")  # noqa: S608
    reason = (
        "{'feature': 'debt', 'theme': 'social_debt', 'value': '42300', 'unit': 'EUR', "
        "'contribution': 0.5::DOUBLE, 'sentence': ''}"
    )
    copy(
        con,
        f"""SELECT CASE WHEN NOT {failed} THEN rank END AS rank, siren, name, departement, region, naf,
        'activity' AS activity, headcount,
        ({risk})::DOUBLE AS probability, CASE WHEN {failed} THEN 'none' WHEN rank <= {high} THEN 'high'
        WHEN rank <= {alert} THEN 'moderate' ELSE 'none' END
        AS alert, rank % 3 = 0 AS first_alert,
        CASE WHEN {failed} THEN 'redressement' ELSE 'in_bonis' END AS state,
        CASE WHEN rank <= {alert} THEN [{reason}] ELSE [] END AS reasons, DATE '{period}' AS period,
        '{model_id}' AS model_id, CASE WHEN rank <= {alert} THEN DATE '{period}' END AS alert_since
        FROM ranked LEFT JOIN regions USING (departement) ORDER BY rank""",  # noqa: S608
        data / "lists" / f"{period:%Y-%m}" / "target_list.parquet",
        ", KV_METADATA {simulated: 'true'}",
    )


def territory(n: int) -> list[str]:
    """Most agents work in a département, some in a region, one in ten on the whole country."""
    codes = sorted(mapping("departements", "departement", "departement_label"))
    return ["FR"] if n % 10 == 0 else ["Bretagne"] if n % 10 == 1 else [codes[n % len(codes)]]


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The application on two workers."""
    environment = {**os.environ, "WEAKSIGNALS_REVIEW_DATA": str(data), "WEAKSIGNALS_REVIEW_IS_LOCAL": "true"}
    command = [sys.executable, "-m", "uvicorn", "--factory", "reports.review.app:from_environment", "--workers", "2"]
    server = subprocess.Popen([*command, "--port", str(PORT), "--log-level", "error"], env=environment)
    address = f"http://127.0.0.1:{PORT}"
    try:
        for _ in range(120):
            try:
                if httpx2.get(f"{address}/health").status_code == 200:
                    break
            except httpx2.TransportError:
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()


def measure(data: Path) -> None:
    """The processor time of the pages that count firms, asked for alone: the first time in a worker, and again."""
    app = create_app(read_configuration(data=data, is_local=True, public_figures=True))
    warm_up(app.state.services.reader)
    for account, pages in (("agent2", ["/"]), ("lead", ["/", "/territory"]), ("", ["/figures"])):
        client = TestClient(app)
        if account:
            token = found('name="token" value="([^"]+)"', client.get("/sign-in").text)
            fields = {"token": token[0], "name": account, "password": PASSWORD, "next": "/account"}
            client.post("/sign-in", data=fields)
        for path in pages:
            times = []
            for _ in range(6):
                start = time.process_time()
                status = client.get(path).status_code
                times.append(1000 * (time.process_time() - start))
            again = statistics.median(times[1:])
            print(f"{path:10} {account:7} {status}: first {times[0]:6.1f} ms, again {again:6.1f} ms of the processor")


class Agent(threading.Thread):
    """Signs in, then reads pages with a pause between two until the time is over."""

    def __init__(self, address: str, n: int, until: float, pause: tuple[float, float]) -> None:
        """n: which account; until: on the monotonic clock; pause: seconds, at least and at most."""
        super().__init__()
        self.client = httpx2.Client(base_url=address, timeout=30)
        self.account, self.until, self.pause, self.random = n, until, pause, random.Random(n)  # noqa: S311 - no secret
        self.times: list[tuple[str, float]] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """A morning of work; a connection that fails is an error, and ends it."""
        try:
            self.work()
        except httpx2.TransportError as error:
            self.errors.append(repr(error))

    def sign_in(self) -> None:
        """As a browser does."""
        token = found('name="token" value="([^"]+)"', self.client.get("/sign-in").text)
        fields = {"token": token[0], "name": f"agent{self.account}", "password": PASSWORD, "next": "/"}
        self.client.post("/sign-in", data=fields)

    def work(self) -> None:
        """Sign in and read."""
        self.sign_in()
        time.sleep(self.random.uniform(*self.pause))
        while time.monotonic() < self.until:
            self.read("home", "/")
            page = self.read(
                "list", self.random.choice(("", "?page=2", "?sort=debt&descending=true", "?min_debt=0&q=firm+1"))
            )
            firms = found(r'href="(/firms/\d+)', page)
            if firms:
                firm = self.random.choice(firms)
                self.read("firm", firm)
                if self.random.random() < 0.3:
                    self.read("history", f"{firm}/history")
                if self.random.random() < 0.3:
                    self.follow(firm)
            if self.random.random() < 0.3:
                self.read(
                    "follow-ups", f"/follow-ups?scope=all&view={self.random.choice(('list', 'board', 'calendar'))}"
                )
            if self.random.random() < 0.05:
                self.read("export", "/export.csv")

    def follow(self, firm: str) -> None:
        """Say where the follow-up of a firm stands; one who was quicker is no error."""
        page = self.read("follow-up", f"{firm}/follow-up")
        fields = {name: found(f'name="{name}" value="([^"]*)"', page)[0] for name in ("csrf", "follows")}
        fields |= {"state": "visited", "on": f"{LAST}", "summary": f"{self.random.random()}", "next_on": f"{LAST}"}
        start = time.perf_counter()
        response = self.client.post(f"{firm}/follow-ups", data=fields)
        self.times.append(("save", time.perf_counter() - start))
        if response.status_code not in (303, 409):
            self.errors.append(f"{response.status_code} {firm}/follow-ups")

    def read(self, kind: str, path: str) -> str:
        """A page, timed."""
        if kind in ("list", "export"):
            path = f"/lists/{LAST:%Y-%m}{path}"
        start = time.perf_counter()
        response = self.client.get(path)
        self.times.append((kind, time.perf_counter() - start))
        if response.status_code != 200:
            self.errors.append(f"{response.status_code} {path}")
        time.sleep(self.random.uniform(*self.pause))
        return response.text


class Curious(Agent):
    """Asks in turn for a firm outside the territory and for one that is none: both are refused, in the same time."""

    def work(self) -> None:
        """Sign in and ask."""
        self.sign_in()
        firms = [n * STEP + 1 for n in self.random.sample(range(1, 50_000), k=PROBES)]
        for siren in firms:
            pair = [("outside", siren), ("none", siren + 1)]
            for kind, asked in self.random.sample(pair, k=2):
                start = time.perf_counter()
                is_refused = self.client.get(f"/firms/{asked:09}").status_code == 404
                self.times += [(kind, time.perf_counter() - start)] if is_refused else []


def found(pattern: str, text: str) -> list[str]:
    """All that a pattern finds."""
    return re.findall(pattern, text)


def report(kind: str, times: list[float]) -> None:
    """Median, 95th percentile and largest, in milliseconds."""
    if len(times) > 1:
        cuts = statistics.quantiles(times, n=20, method="inclusive")
        figures = (statistics.median(times), cuts[-1], max(times))
        print(f"{kind:8} {len(times):5} pages  " + "  ".join(f"{1000 * value:6.1f} ms" for value in figures))


def main() -> None:
    """Write, serve, read, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--firms", type=int, default=FIRMS)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data or Path(scratch)
        if not (data / "lists").exists():
            write_data(data, given.firms)
        engine = open_database(f"sqlite:///{data.resolve() / 'review' / 'review.db'}")
        there = {user.name for user in identity.all_accounts(engine)}
        for n in range(AGENTS):
            if f"agent{n}" in there:
                continue
            accounts.add_user(engine, f"agent{n}", "agent", territory(n), [str(kind) for kind in Kind], PASSWORD)
        if "lead" not in there:
            accounts.add_user(engine, "lead", "team_lead", ["FR"], [str(kind) for kind in Kind], PASSWORD)
        engine.dispose()
        measure(data)
        with served(data) as address:
            curious = Curious(address, 3, 0, (0.0, 0.0))
            curious.run()
            print("refused, alone; median, p95, largest")
            for kind in ("outside", "none"):
                report(kind, [seconds for name, seconds in curious.times if name == kind])
            for title, count, seconds, pause in (
                ("alone", 1, 15, (0.0, 0.0)),
                ("together", AGENTS, given.seconds, PAUSE),
            ):
                until = time.monotonic() + seconds
                agents = [Agent(address, n, until, pause) for n in range(count)]
                for agent in agents:
                    agent.start()
                for agent in agents:
                    agent.join()
                times = [one for agent in agents for one in agent.times]
                errors = [error for agent in agents for error in agent.errors]
                print(f"{title}: {count} agents, {seconds} s, {len(errors)} errors {errors[:3]}; median, p95, largest")
                for kind in ("home", "list", "firm", "history", "export"):
                    report(kind, [seconds for name, seconds in times if name == kind])
                report("all", [seconds for _, seconds in times])


if __name__ == "__main__":
    main()
