"""The home page: what is new, what is to be done, what colleagues did; of firms that the user may see, and no other."""

import html
import re
from datetime import timedelta

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.data import Reader
from reports.review.database import Case, CaseVersion, Verdict, now
from reports.review.pages import home as home_page
from tests.reports.review.conftest import FIRMS, app_on, rewrite, shown, signed_in

TERRITORIES = {"paris": "75", "bretagne": "35", "lyon": "69"}


def changed(name, by_siren):
    """A change of a list: another value of a column for some firms."""

    def change(table):
        pairs = zip(table["siren"].to_pylist(), table[name].to_pylist(), strict=True)
        values = pa.array([by_siren.get(siren, value) for siren, value in pairs], table.schema.field(name).type)
        return table.set_column(table.column_names.index(name), name, values)

    return change


@pytest.fixture
def app(copied, tmp_path):
    """An application in whose earlier list one firm was not on alert, and less at risk."""
    before = copied / "lists" / "2024-01" / "target_list.parquet"
    rewrite(before, changed("alert", {"552100554": "none"}))
    rewrite(before, changed("probability", {"552100554": 0.051}))
    return app_on(copied, tmp_path)


def follow(app, siren, by, state="contacted", at=None, **said):
    """A follow-up as someone wrote it."""
    at = at or now()
    blank = {"in_charge": "", "participants": [], "difficulties": [], "actions": {}, "contacts": "", "next_step": ""}
    content = {**blank, "priority": "normal", "summary": "", "outcome": "", "next_on": None, **said}
    with Transaction(app.state.services.engine) as db, db.begin():
        case = Case(siren=siren, list_period="2024-02", model_id="m", by=by, at=at)
        db.add(case)
        db.flush()
        db.add(CaseVersion(case_id=case.id, state=state, on=at.date(), by=by, at=at, **content))


def section(page, name):
    """The text of a part of the page."""
    found = re.search(rf'aria-labelledby="{name}">(.*?)</section>', page, re.S)
    return found[1] if found else ""


def home(app, name):
    return shown(signed_in(app, name).get("/"))


def test_one_lands_on_the_home_page_after_signing_in(app):
    agent = signed_in(app, "paris")
    assert "<h1>Accueil</h1>" in agent.get("/").text
    assert agent.get("/lists").headers["location"] == "/lists/2024-02"


def test_what_is_newly_on_alert_and_what_rose_are_told_with_the_reasons(app):
    page = home(app, "paris")
    new, risen = section(page, "new"), section(page, "risen")
    assert re.findall(r"/firms/(\d+)", new) == ["552100554"]
    assert "Dette sociale : 42 317 €" in new
    assert 'href="/lists/2024-02?new_alert=true">Tout voir (1)' in new
    assert re.findall(r"/firms/(\d+)", risen) == ["552100554"]
    assert "de 5,1 % à " in risen
    assert "Risque en hausse depuis janvier 2024 : Dette sociale : de 31 009 € à 42 317 €" in risen


def test_a_movement_is_told_only_as_far_as_the_user_may_see_its_figures(app):
    risen = section(home(app, "france"), "risen")
    assert "de 5,1 % à " in risen
    assert "42 317" not in risen
    assert "31 009" not in risen


@pytest.mark.parametrize("name", TERRITORIES)
def test_the_page_names_firms_of_the_territory_and_no_other(app, name):
    for siren in FIRMS["siren"]:
        follow(app, siren, "someone")
    inside = set(FIRMS[FIRMS["departement"] == TERRITORIES[name]]["siren"])
    page = home(app, name)
    assert set(re.findall(r"\d{9}", page)) == inside
    assert not any(firm in page for firm in FIRMS[FIRMS["departement"] != TERRITORIES[name]]["name"])


def test_without_right_to_scores_no_risk_and_no_verdict_is_told(app):
    with Transaction(app.state.services.engine) as db, db.begin():
        db.add(
            Verdict(siren="690000001", list_period="2024-02", model_id="m", is_useful=True, reason="", note="", by="x")
        )
    follow(app, "690000001", "x", state="visited")
    page = home(app, "lyon")
    assert "Suivi : visitée" in section(page, "week")
    for word in ("alerte", "Alerte", " %", "badge high"):
        assert word not in page.split("<h1>")[1]
    assert "Alerte jugée utile" in section(home(app, "admin"), "week")


def test_a_firm_that_one_follows_is_ones_own_and_for_colleagues_it_is_their_week(app):
    next_week = now().date() + timedelta(days=7)
    follow(app, "552100554", "paris", next_on=next_week, next_step="call the manager")
    mine = section(home(app, "paris"), "mine")
    assert "ATELIERS DURAND" in mine
    assert f"{next_week:%d/%m/%Y}" in mine
    assert "call the manager" in mine
    assert "en retard" not in mine
    assert "ATELIERS" not in section(home(app, "paris"), "week")
    assert "ATELIERS DURAND" in section(home(app, "admin"), "week")
    assert "ATELIERS" not in section(home(app, "admin"), "mine")
    assert "ATELIERS" not in home(app, "bretagne").split("</header>")[1]


def test_ones_own_are_those_one_is_in_charge_of_or_takes_part_in_the_nearest_date_first(app):
    today = now().date()
    follow(app, "552100554", "admin", in_charge="paris", next_on=today + timedelta(days=3))
    follow(app, "100000017", "admin", in_charge="admin", participants=["x", "paris"], next_on=today - timedelta(days=1))
    follow(app, "200000025", "paris", in_charge="admin")
    mine = section(home(app, "paris"), "mine")
    assert list(dict.fromkeys(re.findall(r"/firms/(\d+)", mine))) == ["100000017", "552100554"]
    assert mine.count("en retard") == 1
    assert "200000025" in section(home(app, "admin"), "mine")


def test_of_many_of_ones_own_those_that_press_most_are_shown_and_the_others_counted(app, monkeypatch):
    monkeypatch.setattr(home_page, "MOST_OF_MINE", 1)
    follow(app, "100000017", "paris", next_on=now().date() + timedelta(days=9))
    follow(app, "552100554", "paris", next_on=now().date())
    mine = section(home(app, "paris"), "mine")
    assert "ATELIERS DURAND" in mine
    assert "BOULANGERIE ÉMILE" not in mine
    assert "et 1 de plus" in mine


def test_the_share_followed_is_of_the_firms_on_alert(app):
    follow(app, "552100554", "paris")
    assert "1 sur 2" in section(home(app, "paris"), "figures")
    assert "+1 depuis la liste précédente" in section(home(app, "paris"), "figures")


def test_a_week_later_it_is_no_news_and_a_closed_firm_is_not_ones_own_any_more(app):
    old = now() - timedelta(days=8)
    follow(app, "552100554", "admin", at=old)
    follow(app, "100000017", "paris", at=old, state="closed", outcome="sold")
    page = home(app, "paris")
    assert "/firms/" not in section(page, "week")
    assert "/firms/" not in section(page, "mine")


def test_a_followed_firm_that_left_the_list_is_still_there_on_its_last_list(copied, tmp_path):
    gone = ["100000017"]
    keep = lambda table: table.filter(pa.array([siren not in gone for siren in table["siren"].to_pylist()]))  # noqa: E731
    rewrite(copied / "lists" / "2024-02" / "target_list.parquet", keep)
    app = app_on(copied, tmp_path)
    follow(app, "100000017", "paris")
    assert "/firms/100000017/follow-up?list=2024-01" in html.unescape(section(home(app, "paris"), "mine"))
    assert "100000017" not in home(app, "bretagne")


def test_a_visit_asks_few_queries(app, monkeypatch):
    agent = signed_in(app, "paris")
    agent.get("/")
    counted = {"lists": 0, "database": 0}
    query = Reader.query

    def counting(self, *asked):
        counted["lists"] += 1
        return query(self, *asked)

    monkeypatch.setattr(Reader, "query", counting)

    @sa.event.listens_for(app.state.services.engine, "before_cursor_execute")
    def _count(*_):
        counted["database"] += 1

    agent.get("/")
    assert counted["lists"] <= 5
    assert counted["database"] <= 6
