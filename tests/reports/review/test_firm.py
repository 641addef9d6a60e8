"""The page of a firm: ratios beside the sector, judgements as a time line, and how often the model was right."""

import re
import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.records import write_record
from models.calibration.thresholds import alerts
from models.evaluation.records import AlertFigures
from models.evaluation.slices import by_group
from models.registry.upgrades import METRICS_UPGRADES
from reports.charts import Series, bottom_of, line_chart, points
from reports.dictionary import sources_behind
from reports.review import unknowns
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.data import Reader
from reports.review.firm import silent_sources
from reports.review.firms_alike import Alike, firms_alike
from reports.review.history import judgement_days
from reports.review.past import establishments, judgements
from reports.review.sectors import FEWEST_FIRMS, sector_quartiles
from tests.records import group, metrics
from tests.reports.review.conftest import THRESHOLDS, add_accounts, app_on, features, signed_in

FIRM, CONFIDENTIAL, HELD = "552100554", "100000017", "690000019"
# Two quarters are shown: the list's month, and three months before.
NOVEMBER, DECEMBER, JANUARY, FEBRUARY = (date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1))
EVENTS = [
    # siren, action, stage, effective_on, known_at, withdrawn_at
    (HELD, "sauvegarde", "opening", date(2022, 3, 1), date(2022, 3, 11), None),
    (HELD, "sauvegarde", "end", date(2023, 5, 4), date(2023, 5, 20), None),
    (HELD, "redressement", "opening", date(2023, 5, 4), date(2023, 5, 14), None),
    (HELD, "redressement", "plan", date(2023, 12, 20), date(2024, 1, 20), None),
    (HELD, "liquidation", "opening", date(2024, 1, 25), date(2024, 2, 2), None),
    (FIRM, "liquidation", "opening", date(2023, 9, 1), date(2023, 9, 9), date(2024, 1, 15)),
    ("350000008", "redressement", "end", date(2021, 6, 1), date(2021, 6, 3), None),
    ("350000008", "liquidation", "end", date(2021, 6, 1), date(2021, 6, 2), None),
]
ALERTS = {"high": AlertFigures(20, 0.75, None), "moderate": AlertFigures(60, 0.5, None)}
GROUPS = {
    "size_class": (group("10-19", rows=200, failures=34, **ALERTS),),
    "region": (group("11", rows=200, failures=34, **ALERTS), group("53", rows=200, failures=34, **ALERTS)),
    "age": (group("3-10", rows=30, failures=9, **ALERTS),),
    "missing_source": (group("payment_delays", rows=50, failures=34, **ALERTS),),
}
OF_10_TO_19 = {"size_class": "10-19", "region": "11", "age": 4.0}


def write_quarters(data):
    """Four months, in which the firm's division has enough firms, and the baker's accounts were public at first."""
    for month in (NOVEMBER, DECEMBER, JANUARY, FEBRUARY):
        rows = features(month)
        peers = pd.concat([rows[rows["siren"] == FIRM]] * (FEWEST_FIRMS - 1))
        peers = peers.assign(siren=[f"9000000{n:02d}" for n in range(len(peers))], liquidity_ratio=212.0)
        rows.loc[rows["siren"] == FIRM, ["liquidity_ratio", "ebitda_margin"]] = (134.0, -17.0)
        if month == NOVEMBER:
            rows.loc[rows["siren"] == CONFIDENTIAL, ["liquidity_ratio", "accounts_confidential"]] = (5151.0, 0.0)
        folder = data / "features" / f"period={month}"
        folder.mkdir(exist_ok=True)
        pd.concat([rows, peers]).to_parquet(folder / "part-0.parquet")


@pytest.fixture(scope="module")
def data(data_template, tmp_path_factory):
    data = tmp_path_factory.mktemp("firm") / "data"
    shutil.copytree(data_template, data)
    write_quarters(data)
    names = ["siren", "action", "stage", "effective_on", "known_at", "withdrawn_at"]
    pd.DataFrame(EVENTS, columns=names).to_parquet(data / "features" / "procedures.parquet")
    (path,) = (data / "models").glob("*/metrics.json")
    write_record(path, metrics(groups=GROUPS), METRICS_UPGRADES)
    return data


@pytest.fixture(scope="module")
def agents(data, tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('database') / 'r.db'}"
    app = create_app(read_configuration(data=data, database=database, is_local=True))
    add_accounts(app)
    return {name: signed_in(app, name) for name in ("admin", "france", "lyon", "paris")}


def history(agent, siren, key="2024-02"):
    return agent.get(f"/firms/{siren}/history?list={key}", **{"accept-language": "en"}).text


def table_of(text, title):
    """The cells of a chart's table, a row a tuple."""
    (figure,) = re.findall(rf"<figcaption>{title}</figcaption>(.*?)</figure>", text, re.DOTALL)
    rows = re.findall("<tr>(.*?)</tr>", figure.partition("<tbody>")[2], re.DOTALL)
    return [tuple(re.findall(">([^<>]+)</t", row)) for row in rows]


def test_a_ratio_is_told_each_quarter_beside_the_median_of_its_division(agents):
    assert table_of(history(agents["admin"], FIRM), "Liquidity ratio") == [
        ("February 2024", "134%", "212%"),
        ("November 2023", "134%", "212%"),
    ]


def test_the_median_of_few_firms_is_not_told(agents):
    text = history(agents["admin"], "350000008")
    assert table_of(text, "Liquidity ratio") == [("February 2024", "1%"), ("November 2023", "1%")]
    ratios = text[text.index("Ratios of the accounts") :]
    assert "Median of its sector" not in ratios


def test_without_right_a_ratio_is_told_only_of_the_quarters_whose_accounts_are_public(agents):
    whole, less = (history(agents[name], CONFIDENTIAL) for name in ("admin", "france"))
    assert table_of(whole, "Liquidity ratio") == [("February 2024", "6,173%"), ("November 2023", "5,151%")]
    assert table_of(less, "Liquidity ratio") == [("February 2024", "not known"), ("November 2023", "5,151%")]
    assert "6,173" not in less
    assert ("no right to them" in less, "no right to them" in whole) == (True, False)


def test_a_list_shows_no_quarter_after_its_own(agents):
    (newest, *_) = table_of(history(agents["admin"], FIRM, "2024-01"), "Liquidity ratio")
    assert newest[0] == "January 2024"


def test_a_loss_is_drawn_below_zero():
    assert [bottom_of(values, 20) for values in ([3, None], [3, -9], [-11], [])] == [0, -10, -20, 0]
    (zero, loss) = points(Series("", (0.0, -10.0), ""), -10, 20)
    assert loss[1] > zero[1]
    drawn = line_chart("t", "d", [JANUARY, FEBRUARY], [Series("x", (15.0, -4.0), "first")], str)
    assert all(f">{tick}</text>" in drawn for tick in ("-7.5", "0", "15.0"))


def judged(data, siren, key):
    folder = Reader(data)
    return judgement_days(judgements(folder, folder.published(key), siren))


def test_a_judgement_is_shown_from_the_first_list_at_which_it_was_known(data):
    opened = [("redressement", "opening")], [("sauvegarde", "opening")]
    assert [day["decisions"] for day in judged(data, HELD, "2024-01")] == [*opened]
    assert [day["decisions"] for day in judged(data, HELD, "2024-02")] == [[("redressement", "plan")], *opened]


def test_a_withdrawn_judgement_is_shown_until_that_was_known(data):
    assert len(judged(data, FIRM, "2024-01")) == 1
    assert judged(data, FIRM, "2024-02") == []


def test_ends_are_one_and_only_where_nothing_else_was_decided_that_day(data):
    (end,) = judged(data, "350000008", "2024-02")
    assert (end["decisions"], end["is_end"], end["known_at"]) == ([("", "end")], True, date(2021, 6, 2))


def test_judgements_are_a_list_with_their_days(agents):
    text = history(agents["lyon"], HELD)
    (told,) = re.findall('<ol class="timeline" id="judgements">(.*?)</ol>', text, re.DOTALL)
    assert re.findall('datetime="([^"]+)"', told) == ["2023-12-20", "2023-05-04", "2022-03-01"]
    assert "redressement (receivership): plan adopted" in told
    assert "known on 2024-01-20" in told
    assert "No judgement is known" in history(agents["lyon"], "690000001")


@pytest.mark.parametrize(
    ("alert", "rows", "share"), [("high", 20, 15 / 20), ("moderate", 40, 15 / 40), ("none", 140, 4 / 140)]
)
def test_what_became_of_firms_at_a_level_leaves_out_those_above_and_below(alert, rows, share):
    (every, region, *_) = firms_alike(GROUPS, OF_10_TO_19, [], alert, 1)
    assert (every.dimension, every.rows, every.share) == ("all", rows, share)
    assert (region.dimension, region.group, region.share) == ("size_class", "10-19", share)


def test_a_firm_is_in_its_own_groups_and_among_those_of_which_as_little_is_known():
    found = firms_alike(GROUPS, OF_10_TO_19, ["payment_delays"], "high", 1)
    assert [(one.dimension, one.group) for one in found[1:]] == [
        ("size_class", "10-19"),
        ("region", "11"),
        ("age", "3-10"),
        ("missing_source", "payment_delays"),
    ]
    assert "missing_source" not in {one.dimension for one in firms_alike(GROUPS, OF_10_TO_19, [], "high", 1)}


def test_few_failures_tell_nothing_and_a_model_without_groups_says_nothing():
    assert firms_alike(GROUPS, OF_10_TO_19, [], "high", 1)[3] == Alike("age", "3-10", 20)
    # 34 failed months of firms with 4 months each are those of about 8 firms.
    assert firms_alike(GROUPS, OF_10_TO_19, [], "high", 4)[0].share is None
    assert firms_alike({}, OF_10_TO_19, [], "high", 1) == []


def test_the_months_of_a_firm_count_as_about_one_in_the_interval():
    once, thrice = (firms_alike(GROUPS, OF_10_TO_19, [], "high", months)[0] for months in (1, 3))
    assert once.low < once.share < once.high
    assert thrice.low < once.low < once.high < thrice.high


def test_groups_are_read_as_training_writes_them():
    count = 40
    rows = pd.DataFrame({f.name: np.zeros(count) for f in CATALOG}).assign(age=5.0)
    rows = rows.assign(**{name: ["C"] * count for name in ("naf_section", "size_class", "region")})
    labels = np.array([1] * 12 + [0] * 28, np.int8)
    probability = np.array([0.9] * 10 + [0.3] * 10 + [0.1] * 20)
    groups = by_group(rows, probability, labels, alerts(THRESHOLDS, rows, probability))
    (every, section, *_) = firms_alike(groups, {"naf_section": "C"}, [], "none", 1)
    assert (every.rows, every.share) == (20, 0.0)
    assert section.group == "C"
    assert firms_alike(groups, {}, [], "moderate", 1)[0].share == 0.2


def page(agent, siren):
    return agent.get(f"/firms/{siren}", **{"accept-language": "fr"}).text


def test_the_page_says_what_the_model_is_worth_to_whoever_may_see_scores(agents):
    (table,) = re.findall('<table id="alike".*?</table>', page(agents["paris"], FIRM), re.DOTALL)
    assert "toutes les entreprises testées" in table
    assert "75 %" in table.replace("\u00a0", " ").replace("\u202f", " ")
    assert "alike" not in page(agents["lyon"], "690000001")


def test_a_list_that_has_outlived_its_features_says_nothing_of_groups(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "features" / f"period={FEBRUARY}")
    app = create_app(
        read_configuration(data=tmp_path / "data", database=f"sqlite:///{tmp_path / 'r.db'}", is_local=True)
    )
    add_accounts(app)
    assert "alike" not in page(signed_in(app, "admin"), FIRM)


def test_a_firm_in_a_procedure_is_told_nothing_of_a_model_that_does_not_judge_it(agents):
    assert "alike" not in page(agents["admin"], HELD)


def test_the_median_of_a_sector_is_made_of_public_accounts(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    part = copy / "features" / "period=2024-02-01" / "part-0.parquet"
    rows = pd.read_parquet(part).reset_index(drop=True)
    peers = rows.index[rows["siren"].str.startswith("9000000")]
    rows.loc[peers[:5], "liquidity_ratio"], rows.loc[peers[5:], "liquidity_ratio"] = 100.0, 900.0
    rows.loc[rows["siren"] == FIRM, ["liquidity_ratio", "accounts_confidential"]] = (617.0, 1.0)
    rows.to_parquet(part)
    folder = Reader(copy)
    features_of = folder.published("2024-02").features
    assert "liquidity_ratio" not in sector_quartiles(folder, features_of, "25")
    rows.loc[rows["siren"] == FIRM, "accounts_confidential"] = 0.0
    rows.to_parquet(part)
    other = Reader(copy)
    assert sector_quartiles(other, features_of, "25")["liquidity_ratio"][1] == 617.0


def test_establishments_are_those_of_the_lists_day(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    staged = copy / "staged" / "establishments"
    staged.mkdir(parents=True)
    days = [(date(2001, 1, 1), None), (date(2001, 1, 1), date(2024, 1, 20)), (date(2024, 1, 25), None)]
    rows = [(FIRM, f"{FIRM}0000{n}", n == 0, None, None, None, *day) for n, day in enumerate(days)]
    names = ("siren", "siret", "is_head_office", "naf", "commune_name", "postcode", "created_on", "closed_on")
    pd.DataFrame(rows, columns=list(names)).to_parquet(staged / "part-0.parquet")
    folder = Reader(copy)
    told = {
        key: [(one["siret"][-1], one["closed_on"]) for one in establishments(folder, folder.published(key), FIRM)]
        for key in ("2024-01", "2024-02")
    }
    assert told == {"2024-01": [("0", None), ("1", None)], "2024-02": [("0", None), ("2", None), ("1", days[1][1])]}


ADDRESSES = {
    "552100554": ("3 B RUE HOCHE, BATIMENT A", "75011", False),
    "100000017": (None, None, True),
    "200000025": ("8 PL DES FETES", "75019", False),
}


@pytest.fixture(scope="module")
def addressed(data_template, tmp_path_factory):
    """The application on a build that keeps addresses: of one firm none, of one a masked one."""
    folder = tmp_path_factory.mktemp("addressed")
    data = shutil.copytree(data_template, folder / "data")
    firms = pd.read_parquet(data / "features" / "firms.parquet")
    told = pd.DataFrame([(siren, *told) for siren, told in ADDRESSES.items()])
    told.columns = pd.Index(["siren", "address", "postcode", "is_masked"])
    firms.merge(told, how="left").to_parquet(data / "features" / "firms.parquet")
    return app_on(data, folder)


def test_the_page_tells_the_address_of_the_head_office_in_both_languages(addressed):
    agent = signed_in(addressed, "paris")
    text = page(agent, "552100554")
    assert "Adresse : 3 B RUE HOCHE, BATIMENT A, 75011 PARIS" in " ".join(text.split())
    english = agent.client.get("/firms/552100554", headers={"accept-language": "en"}).text
    assert "Address: 3 B RUE HOCHE, BATIMENT A, 75011 PARIS" in " ".join(english.split())
    masked = agent.client.get("/firms/100000017", headers={"accept-language": "en"}).text
    assert "Address: not for publication" in " ".join(masked.split())


def test_an_address_that_may_not_be_published_is_said_to_be_so(addressed):
    assert "Adresse : non diffusé" in " ".join(page(signed_in(addressed, "paris"), "100000017").split())


def test_a_firm_of_another_territory_has_no_page_whatever_its_address(addressed):
    assert signed_in(addressed, "bretagne").get("/firms/552100554").status_code == 404


def test_files_tell_addresses_but_not_of_those_who_object_to_publication(addressed):
    document = signed_in(addressed, "admin").get("/firms/200000025/firm.json").json()["firm"]
    assert document["address"] == "8 PL DES FETES"
    without = signed_in(addressed, "france")
    assert without.get("/firms/200000025/firm.json").json()["firm"]["address"] is None
    assert without.get("/firms/200000025/firm.json").json()["firm"]["postcode"] is None
    assert without.get("/firms/552100554/firm.json").json()["firm"]["postcode"] == "75011"
    assert without.get("/firms/100000017/firm.json").json()["firm"]["address"] == "non diffusé"


def test_the_sheet_for_a_visit_has_the_address(addressed):
    sheet = signed_in(addressed, "paris").get("/firms/552100554/sheet.pdf").content
    assert b"3 B RUE HOCHE, BATIMENT A, 75011, PARIS" in sheet


def test_a_build_of_an_older_version_has_no_addresses(agents):
    assert "Adresse" not in page(agents["admin"], FIRM).split("</h1>")[1].split("<nav")[0]
    assert "address" not in agents["admin"].get(f"/firms/{FIRM}/firm.json").json()["firm"]


def test_an_establishment_is_told_with_its_address_where_the_register_may_tell_it(data, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(data, copy)
    staged = copy / "staged" / "establishments"
    staged.mkdir(parents=True)
    rows = pd.DataFrame({"siret": [f"{FIRM}0000{n}" for n in range(3)], "address": ["3 RUE HOCHE", None, None]})
    rows = rows.assign(siren=FIRM, is_head_office=False, naf=None, commune_name="PARIS", postcode="75011")
    rows = rows.assign(created_on=date(2001, 1, 1), closed_on=pd.NaT, is_masked=[False, True, False])
    rows.to_parquet(staged / "part-0.parquet")
    folder = Reader(copy)
    told = establishments(folder, folder.published("2024-02"), FIRM)
    assert [one["address"] for one in told] == ["3 RUE HOCHE", "[ND]", None]


def test_sources_are_told_in_words(agents):
    told = "Sources jamais livrées au modèle : plans CCSF (commissions des chefs des services financiers)."
    assert told in page(agents["admin"], FIRM)


def test_a_source_that_was_never_delivered_is_not_said_to_be_silent_too(agents, monkeypatch):
    monkeypatch.setattr(unknowns, "silent_sources", lambda _: ["headcounts", "payment_delays"])
    monkeypatch.setattr(Reader, "absent_sources", lambda *_: list(sources_behind("headcounts")))
    said = "Sources sans information sur cette entreprise : retards de paiement aux fournisseurs."
    assert said in page(agents["admin"], FIRM)


def test_a_source_is_silent_where_each_figure_that_the_user_may_see_of_it_is_unknown():
    values = {f.name: 1.0 for f in CATALOG}
    delays = [f.name for f in CATALOG if "payment_delays" in f.sources]
    unknown = {**values, **dict.fromkeys(delays, float("nan"))}
    assert silent_sources(values) == []
    assert silent_sources(unknown) == ["payment_delays"]
    assert silent_sources({**unknown, delays[0]: 2.0}) == []
    assert silent_sources({name: value for name, value in unknown.items() if name not in delays}) == []
