"""The figures of a territory: counted right, of one's own firms only, small groups masked, and open to whom they are for."""

import csv
import io
import re
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reports.review import accounts
from reports.review.access import right_of
from reports.review.aggregates import Became, Counts, became, by_group, by_month
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from tests.reports.review.conftest import PASSWORD, TestClient, add_accounts, app_on, rewrite, shown, signed_in

COUNTRY = right_of("team_lead", ["FR"], ["scores"])
BRETAGNE = right_of("team_lead", ["Bretagne"], ["scores"])
# Per département: firms at high alert, at moderate alert, without alert. In Bretagne: 35, 29, 22.
FIRMS = {"35": (10, 20, 70), "29": (6, 9, 60), "22": (0, 3, 40), "75": (20, 30, 150), "69": (8, 12, 80)}
LEVELS = ("high", "moderate", "none")


def firms():
    """One row per firm: ten employees each, twenty on high alert; of activity 25.62B, in Paris 47.11F."""
    rows = [
        (departement, level, 20.0 if level == "high" else 10.0, "47.11F" if departement == "75" else "25.62B")
        for departement, counts in FIRMS.items()
        for level, count in zip(LEVELS, counts, strict=True)
        for _ in range(count)
    ]
    table = pd.DataFrame(rows, columns=["departement", "alert", "headcount", "naf"])
    return table.assign(siren=[f"{n:09}" for n in range(len(table))], state="in_bonis", probability=0.3)


def listed(path, found):
    """Put these firms in the place of those of a list."""

    def change(table):
        first = table.slice(0, 1).to_pylist()[0]
        rows = [{**first, **row} for row in found.to_dict("records")]
        return pa.Table.from_pylist(rows, schema=table.schema)

    rewrite(path, change)


def larger(template, folder):
    """A data folder with these firms on its two lists, at `folder`."""
    data = shutil.copytree(template, folder)
    today, before = firms(), firms()
    lists = data / "lists"
    # Since January: 12 of those on alert in Paris are in a procedure, 6 of the Rhône are gone, 7 of 35 are off.
    paris = today[(today["departement"] == "75") & (today["alert"] == "moderate")].index[:12]
    today.loc[paris, ["alert", "state"]] = ["none", "redressement"]
    before.loc[before[(before["departement"] == "35") & (before["alert"] == "none")].index[:7], "alert"] = "moderate"
    gone = today[(today["departement"] == "69") & (today["alert"] == "moderate")].index[:6]
    listed(lists / "2024-01" / "target_list.parquet", before)
    listed(lists / "2024-02" / "target_list.parquet", today.drop(gone))
    return data


@pytest.fixture(scope="module")
def data(data_template, tmp_path_factory):
    return larger(data_template, tmp_path_factory.mktemp("territory") / "data")


@pytest.fixture(scope="module")
def app(data, tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('territory') / 'r.db'}"
    app = create_app(read_configuration(data=data, database=database, is_local=True, public_figures=True))
    add_accounts(app)
    return app


@pytest.fixture(scope="module")
def reader(app):
    return app.state.services.reader


def table(answer):
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    return {line[0]: line[1:] for line in lines}


def test_firms_are_counted_by_month_within_the_territory(reader):
    months = by_month(reader, reader.published(None), BRETAGNE)
    assert list(months.values()) == [Counts(218, 16, 32, 640.0, 20.0), Counts(218, 16, 39, 710.0, 20.0)]
    newest, _ = by_month(reader, reader.published(None), COUNTRY).values()
    assert (newest.firms, newest.high, newest.moderate) == (218 + 200 - 12 + 100 - 6, 44, 32 + 18 + 6)


def test_firms_are_counted_by_departement_activity_and_size(reader):
    groups = by_group(reader, reader.published(None), COUNTRY)
    assert groups["departement"]["29"] == Counts(75, 6, 9, 210.0, 20.0)
    assert {code: one.firms for code, one in groups["section"].items()} == {"C": 218 + 94, "G": 188}
    assert {code: one.alerts for code, one in groups["size"].items()} == {"10-19": 56, "20-49": 44}
    assert by_group(reader, reader.published(None), BRETAGNE)["departement"].keys() == {"35", "29", "22"}


def test_what_became_of_a_past_list_is_told_by_the_newest(reader):
    (past,) = became(reader, reader.published(None), COUNTRY)
    assert past == Became(past.period, procedure=12, still=100, off=7, gone=6)
    (past,) = became(reader, reader.published(None), BRETAGNE)
    assert past.parts == (0, 48, 7, 0)
    assert became(reader, reader.published("2024-01"), COUNTRY) == []


def test_a_firm_that_left_the_list_by_a_procedure_counts_as_such_as_it_was_known_then(data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "data")
    on_list = pq.read_table(copy / "lists" / "2024-01" / "target_list.parquet").to_pandas()
    on_alert = on_list[(on_list["departement"] == "69") & (on_list["alert"] == "moderate")]["siren"].tolist()
    day = pd.to_datetime(["2024-01-20", "2024-01-20", "2024-01-20", "2023-01-20"]).date
    events = pd.DataFrame({"siren": on_alert[:4], "effective_on": day, "stage": "opening"})
    # The second was known only later, the third was withdrawn, the fourth is of the year before.
    events["known_at"] = pd.to_datetime(["2024-01-25", "2024-02-20", "2024-01-25", "2023-01-25"]).date
    events["withdrawn_at"] = pd.to_datetime([None, None, "2024-01-28", None]).date
    events.to_parquet(copy / "features" / "procedures.parquet")
    reader = app_on(copy, tmp_path).state.services.reader
    (past,) = became(reader, reader.published(None), COUNTRY)
    assert past.parts == (13, 100, 7, 5)


def test_small_groups_are_masked_on_the_page_and_in_the_file_and_no_subtraction_finds_them(app):
    agent = signed_in(app, "bretagne")
    found = table(agent.get("/territory/departements.csv"))
    assert found["Département"][:3] == ["Entreprises du périmètre", "En alerte", "Part en alerte"]
    # 22 has three firms on alert: 29, the next smallest, goes with it.
    assert found["Côtes-d'Armor (22)"] == ["43", *["masqué"] * 5, "oui"]
    assert found["Finistère (29)"] == ["75", *["masqué"] * 5, "oui"]
    assert found["Ille-et-Vilaine (35)"] == ["100", "30", "30", "10", "20", "400", "oui"]
    assert found["Total"] == ["218", "48", "22", "16", "32", "640", "oui"]
    page = shown(agent.get("/territory"))
    assert "Côtes-d'Armor : masqué" in page
    assert "Ille-et-Vilaine : 30 en alerte, soit 30 % de ses entreprises" in page


def test_in_english_shares_have_a_point_and_commas_part_cells(app):
    answer = signed_in(app, "admin").get("/territory/past-lists.csv", **{"accept-language": "en"})
    assert "January 2024,125,12,100,7,6,yes" in answer.text
    answer = signed_in(app, "admin").get("/territory/departements.csv", **{"accept-language": "en"})
    assert "Ille-et-Vilaine (35),100,30,30.0,10,20,400,yes" in answer.text


def test_every_table_has_its_file_and_an_unknown_one_none(app):
    agent = signed_in(app, "admin")
    names = re.findall(r'href="/territory/([\w-]+)\.csv"', agent.get("/territory").text)
    assert names == ["months", "departements", "activities", "sizes", "follow-ups", "outcomes", "past-lists"]
    for name in names:
        answer = agent.get(f"/territory/{name}.csv")
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}-2024-02.csv"'
        assert all(line[-1] in ("oui", "Simulé") for line in table(answer).values())
    assert agent.get("/territory/firms.csv").status_code == 404


def test_squares_lead_to_the_firms_of_their_departement(app):
    page = signed_in(app, "bretagne").get("/territory").text
    assert re.findall(r'href="/lists/2024-02\?departement=(\w+)"', page) == ["29", "22", "35"]
    assert "tile outside" in page


def test_the_follow_up_of_firms_on_alert_is_told_to_those_who_decide_only(data, tmp_path):
    app = create_app(
        read_configuration(data=data, database=f"sqlite:///{tmp_path / 'r.db'}", is_local=True, public_figures=True)
    )
    add_accounts(app)
    lead = signed_in(app, "bretagne")
    for n in range(8):
        lead.post(f"/firms/{n:09}/follow-ups", state="visited", on="2024-02-05", note="", follows=0)
    found = table(lead.get("/territory/follow-ups.csv"))
    assert found["visitée"][:2] == ["8", "16,7"]
    assert found["non suivie"][:2] == ["40", "83,3"]
    for n in range(6):
        lead.post(f"/firms/{n:09}/follow-ups", state="closed", outcome="recovered", on="2024-02-06", follows=n + 1)
    assert table(lead.get("/territory/outcomes.csv"))["redressée"][:2] == ["6", "100"]
    assert TestClient(app).get("/figures/follow-ups.csv").status_code == 404
    assert "non suivie" not in shown(TestClient(app).get("/figures"))


def test_the_public_page_tells_the_country_without_any_firm_and_only_where_it_is_opened(app, data, tmp_path):
    client = TestClient(app)
    page = shown(client.get("/figures"))
    assert "La France en chiffres" in page
    assert "DONNÉES SIMULÉES" in page
    assert not re.search(r"/firms/|/lists/|\d{9}", page)
    assert table(client.get("/figures/sizes.csv"))["Total"][:2] == ["500", "100"]
    closed = TestClient(app_on(data, tmp_path))
    for address in ("/figures", "/figures/sizes.csv"):
        assert closed.get(address).status_code == 404
    assert "/figures" not in closed.get("/algorithm").text
    assert 'href="/figures"' in client.get("/algorithm").text


def test_a_single_departement_has_no_map(app):
    accounts.add_user(app.state.services.engine, "ille", "team_lead", ["35"], ["scores"], PASSWORD)
    page = signed_in(app, "ille").get("/territory").text
    assert "Carte des départements" not in page
    assert "Ille-et-Vilaine (35)" in page
    assert "Carte des départements" in signed_in(app, "bretagne").get("/territory").text
