"""Agents at work for the load: they sign in as a browser does, read, filter and open firms, follow them, and export."""

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx2

PASSWORD: Final = "a long enough password"  # noqa: S105 - of accounts that live as long as the run
SIGN_IN_TRIES: Final = 5
# What is asked of the list; names that are searched are those of few firms, of many, and of none.
LISTS: Final = ("", "?page=2", "?sort=debt&descending=true", "?sort=headcount", "?alert=high", "?new_alert=true")
SEARCHES: Final = ("?q=dupont", "?q=transports+ouest", "?q=2609", "?q=nobody&min_debt=0", "?q=martin&alert=none")
VIEWS: Final = ("list", "board", "calendar")


@dataclass(frozen=True)
class Answer:
    """One page. seconds: until it was there; is_first: this agent's first of its kind: others may be prepared."""

    kind: str
    seconds: float
    is_first: bool
    processor: float = 0.0


class WrongAnswerError(Exception):
    """A page is not what it should be: the agent goes home."""


class Agent(threading.Thread):
    """Signs in, then reads pages with a pause between two until the time is over. Each wrong answer is an error."""

    def __init__(
        self,
        address: str,
        name: str,
        until: float,
        pause: tuple[float, float] = (0.0, 0.0),
        enters: float = 0.0,
        processor: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """until, enters: on the monotonic clock; pause: seconds. processor: of the server's time, where it is asked."""
        super().__init__()
        self.client = httpx2.Client(base_url=address, timeout=60)
        self.account, self.until, self.pause, self.enters = name, until, pause, enters
        self.random = random.Random(name)  # noqa: S311 - no secret
        self.processor = processor
        self.answers: list[Answer] = []
        self.errors: list[str] = []

    def run(self) -> None:
        """A morning of work; a wrong answer, or a connection that fails, is an error."""
        time.sleep(max(0.0, self.enters - time.monotonic()))
        try:
            self.sign_in()
            self.rest()
            while time.monotonic() < self.until:
                try:
                    self.work()
                except WrongAnswerError:
                    self.rest()
        except WrongAnswerError:
            # It is written down already.
            return
        except httpx2.TransportError as error:
            self.errors.append(repr(error))

    def rest(self) -> None:
        """Read what is on the page."""
        time.sleep(self.random.uniform(*self.pause))

    def sign_in(self) -> None:
        """As a browser does: who is told to wait a little waits, and tries again."""
        for _ in range(SIGN_IN_TRIES):
            token = found('name="token" value="([^"]+)"', self.client.get("/sign-in").text)[0]
            fields = {"token": token, "name": self.account, "password": PASSWORD, "next": "/"}
            status = self.ask("sign-in", "POST", "/sign-in", (303, 429), data=fields).status_code
            if status == 303:
                return
            self.errors.append(f"{status} /sign-in")
            time.sleep(15)
        raise WrongAnswerError(f"{self.account} is not let in")

    def work(self) -> None:
        """Look at the list, at a firm, and now and then at other things."""
        list_of = found(r'href="(/lists/\d{4}-\d\d)"', self.read("home", "/"))[0]
        is_search = self.random.random() < 0.3
        asked = self.random.choice(SEARCHES if is_search else LISTS)
        firms = found(r'href="(/firms/\d+)', self.read("search" if is_search else "list", list_of + asked))
        if firms:
            self.look_at(self.random.choice(firms))
        if self.random.random() < 0.3:
            view = self.random.choice(VIEWS)
            self.read("follow-ups", f"/follow-ups?scope=all&view={view}")
        if self.account.startswith("lead") and self.random.random() < 0.5:
            self.read("territory", "/territory")
        if self.random.random() < 0.05:
            self.read("export", f"{list_of}/export.csv")

    def look_at(self, firm: str) -> None:
        """The firm's page, at times its history, and where its follow-up stands."""
        self.read("firm", firm)
        if self.random.random() < 0.3:
            self.read("history", f"{firm}/history")
        if self.random.random() < 0.3:
            self.follow(firm)

    def follow(self, firm: str) -> None:
        """Say where the follow-up of a firm stands; one who was quicker is no error."""
        page = self.read("case", f"{firm}/follow-up")
        fields = {name: found(f'name="{name}" value="([^"]*)"', page)[0] for name in ("csrf", "follows")}
        today = time.strftime("%Y-%m-%d")
        fields |= {"state": "visited", "on": today, "summary": f"{self.random.random()}", "next_on": today}
        self.ask("save", "POST", f"{firm}/follow-ups", (303, 409), data=fields)

    def answer(self, method: str, path: str, data: dict[str, str] | None) -> httpx2.Response:
        """As a browser: asked again where the server had just closed the connection, which had rested."""
        try:
            return self.client.request(method, path, data=data)
        except httpx2.TransportError:
            return self.client.request(method, path, data=data)

    def read(self, kind: str, path: str) -> str:
        """A page, then a pause."""
        text = self.ask(kind, "GET", path).text
        self.rest()
        return text

    def ask(
        self, kind: str, method: str, path: str, expected: tuple[int, ...] = (200,), data: dict[str, str] | None = None
    ) -> httpx2.Response:
        """An answer, timed.

        Raises WrongAnswerError where it is none of those expected.
        """
        processor, start = self.processor(), time.perf_counter()
        response = self.answer(method, path, data)
        seconds = time.perf_counter() - start
        is_first = all(one.kind != kind for one in self.answers)
        self.answers.append(Answer(kind, seconds, is_first, self.processor() - processor))
        if response.status_code not in expected:
            self.errors.append(f"{response.status_code} {path}")
            raise WrongAnswerError(path)
        return response


class Curious(Agent):
    """Asks in turn for a firm outside the territory and for one that is none: both are refused, in the same time."""

    def ask_for(self, pairs: list[tuple[str, str]]) -> None:
        """pairs: of a firm outside and one that is none."""
        self.sign_in()
        for outside, none in pairs:
            for kind, siren in self.random.sample([("outside", outside), ("none", none)], k=2):
                # By chance, some are inside.
                if self.ask(kind, "GET", f"/firms/{siren}", (404, 200)).status_code == 200:
                    self.answers.pop()


def found(pattern: str, text: str) -> list[str]:
    """All that a pattern finds."""
    return re.findall(pattern, text)
