"""What a stranger tries on the agents' application: guesses at once, a lock-out, a flood of sign-ins.

Run: python benchmarks/review_attack.py DATA

DATA: a data folder with a list, e.g. that of `weaksignals demo`; its review database is not touched. The application
runs on two workers behind a made-up proxy, so that each attempt comes from the address that it says. Exit code 1 where
more guesses are checked than promised, or who works is shut out.
"""

import argparse
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2

from benchmarks.load_agents import Answer
from benchmarks.load_report import pages_of, print_pages
from benchmarks.review_load import served
from reports.review import accounts
from reports.review.access import Kind
from reports.review.database import open_database
from reports.review.guessing import ANYWHERE, HERE

PORT, AT_ONCE, FLOOD = 8767, 24, 40
PASSWORD = "cheval pile agrafe"  # noqa: S105 - of accounts that live as long as the run
HOME = "192.0.2.1"
CHECKED, TOLD_TO_WAIT, IN = 401, 429, 303


def browser(address: str) -> httpx2.Client:
    """A browser at that address, as the proxy tells it."""
    headers = {"X-Forwarded-For": address}
    return httpx2.Client(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=120)


def sign_in(client: httpx2.Client, name: str, password: str) -> int:
    """The answer to a name and a password."""
    token = re.findall('name="token" value="([^"]+)"', client.get("/sign-in").text)[0]
    fields = {"token": token, "name": name, "password": password, "next": "/"}
    return client.post("/sign-in", data=fields).status_code


def at_once(attempts: list[tuple[str, str]]) -> Counter[int]:
    """The answers to attempts of (address, name), each with a wrong password."""
    with ThreadPoolExecutor(len(attempts)) as pool:
        return Counter(pool.map(lambda one: sign_in(browser(one[0]), one[1], "wrong" * 4), attempts))


def read_while(flood: threading.Thread, reader: httpx2.Client) -> list[float]:
    """How long a list takes, again and again, for as long as the flood lasts."""
    times = []
    flood.start()
    while flood.is_alive():
        start = time.perf_counter()
        reader.get("/", follow_redirects=True)
        times.append(time.perf_counter() - start)
    return times


def largest_memory(server: int) -> int:
    """The largest memory of a worker so far, in MB."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    peaks = [re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{child}/status").read_text()) for child in children]
    return max(int(peak[0]) for peak in peaks if peak) // 1024


def main() -> None:
    """Attack, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        database = f"sqlite:///{scratch}/review.db"
        engine = open_database(database)
        for name in ("camille", "victim"):
            accounts.add_user(engine, name, "agent", ["FR"], [str(kind) for kind in Kind], PASSWORD)
        engine.dispose()
        settings = {"DATABASE": database, "TRUSTED_PROXIES": '["127.0.0.1"]'}
        with served(data, PORT, "--no-proxy-headers", **settings) as server:
            camille = browser(HOME)
            works = [sign_in(camille, "camille", PASSWORD) == IN]
            raced = at_once([("198.51.100.1", "victim")] * AT_ONCE)
            print(f"{AT_ONCE} guesses at once, from one address: {raced[CHECKED]} checked of {HERE.free} promised")
            spread = at_once([(f"198.51.100.{n}", "camille") for n in range(2 * ANYWHERE.free)])
            print(f"{2 * ANYWHERE.free} from as many: {spread[CHECKED]} checked of {ANYWHERE.free} promised")
            works.append(sign_in(browser(HOME), "camille", PASSWORD) == IN)
            print(f"who works signs in meanwhile from where they always do: {works[-1]}")
            names = [(f"203.0.113.{n}", f"nobody{n}") for n in range(FLOOD)]
            before = largest_memory(server.process)
            times = read_while(threading.Thread(target=at_once, args=(names,)), camille)
            print(f"{FLOOD} sign-ins at once; a list meanwhile: median, p95, largest")
            print_pages(pages_of("list", [Answer("list", seconds, is_first=False) for seconds in times]))
            print(f"largest memory of a worker: {before} MB before, {largest_memory(server.process)} MB after")
    sys.exit(raced[CHECKED] > HERE.free or spread[CHECKED] > ANYWHERE.free or not all(works))


if __name__ == "__main__":
    main()
