"""The tour of a first visit: what each account has seen of it is kept with the account."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.database import User
from reports.review.identity import Account


@dataclass(frozen=True)
class Step:
    """A step of the tour, in English: a title and what it tells."""

    title: str
    told: str


STEPS: Final = (
    Step(
        "Home, and the list",
        "The home page tells what is new in your territory and what you follow. “List”, in the menu, shows its firms, "
        "the most at risk first; the filters above it, the address of the page and the exports keep what you look for. "
        "A risk is no verdict: most firms on alert will not fail.",
    ),
    Step(
        "A firm",
        "A click on its name tells why the model sees a risk, its figures beside its sector, since when they are "
        "known, and what is not known. Open a figure to read what it means. The sheet for a visit puts it on one page.",
    ),
    Step(
        "Your answers",
        "Say on the firm's page whether the alert was useful, what you do about it, and which figure is wrong: "
        "colleagues and the data team read it. The guide, in the menu, says more.",
    ),
)


def keep_step(engine: sa.Engine, account: Account, seen: int) -> None:
    """Keep how many steps the account has seen; 0 shows the tour again."""
    with Transaction(engine) as db, db.begin():
        db.execute(sa.update(User).where(User.id == account.user_id).values(tour=min(max(seen, 0), len(STEPS))))
