"""A data folder of seven firms and two lists, written by hand, and the application on it."""

import html
import re
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from argon2 import PasswordHasher
from scipy.special import expit
from starlette.testclient import TestClient

from features.assemble import CATALOG, DATED
from features.folder import BUILD
from features.known_days import known_day
from features.records import write_record
from features.table_record import BUILD_UPGRADES
from models.alerts import Thresholds
from models.evaluation.records import CutFigures
from models.explanation.stability import Stability
from models.registry import registry
from models.rows.inputs import Input
from models.scoring.records import Counterfactual
from reports.alerting import GIVEN, given
from reports.counterfactuals import counterfactual_record
from reports.exports import COUNTERFACTUAL, MOVEMENT, REASON
from reports.movement import movement_record
from reports.review import accounts, identity, passwords
from reports.review.access import Kind
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.guard import LANGUAGE_COOKIE
from tests.records import FIGURES, build_record, metrics, model_facts, risk_model

PASSWORD = "correct horse battery"  # noqa: S105 - of accounts that live as long as a test
BASE = -3.0
ALL = [str(kind) for kind in Kind]
INPUTS = ("debt", "paydex", "liquidity_ratio", "short_time_hours_12m", "headcount_growth_12m", "age")
# Contributions of INPUTS, in order: log-odds.
CONTRIBUTIONS = {
    "552100554": (2.0, 0.5, 0.3, 0.0, 0.1, -0.1),
    "100000017": (0.1, 0.1, 1.9, 0.2, 0.0, 0.1),
    "200000025": (-0.5, -0.5, 0.0, 0.0, 0.0, 0.0),
    "350000008": (0.1, 0.2, 0.0, 1.8, 0.2, 0.3),
    "350000016": (-0.3, 0.0, 0.0, 0.0, 0.0, 0.0),
    "690000001": (0.2, 1.5, 0.0, 0.0, 0.3, 0.0),
    "690000019": (3.0, 1.0, 0.0, 0.0, 0.5, 0.0),
}
FIRMS = pd.DataFrame(
    [
        ("552100554", "ATELIERS DURAND", "O", "5710", "25.62B", "75", "PARIS"),
        ("100000017", "BOULANGERIE ÉMILE", "O", "5499", "10.71C", "75", "PARIS 12"),
        ("200000025", "JEANNE MARTIN", "P", "1000", "43.21A", "75", "PARIS 20"),
        ("350000008", "CONSERVERIE DU PORT", "O", "5710", "10.39B", "35", "SAINT-MALO"),
        ("350000016", "DEMENAGEMENTS EVEN", "O", "5499", "49.42Z", "35", "RENNES"),
        ("690000001", "FONDERIE 1900", "O", "5710", "24.51Z", "69", "LYON"),
        ("690000019", "GARAGE HUGO", "O", "5499", "45.20A", "69", "BRON"),
    ],
    columns=["siren", "name", "diffusion", "legal_category", "naf", "departement", "commune_name"],
)
REGIONS = {"75": "Île-de-France", "35": "Bretagne", "69": "Auvergne-Rhône-Alpes"}
# Figures that no page may show without a right, and that nothing else shows.
SECRET = {
    "552100554": {"debt": 42317.0, "debt_employee": 12011.0, "debt_in_months": 3.7, "paydex": 47.0},
    "100000017": {"liquidity_ratio": 6173.0, "accounts_confidential": 1.0},
    "350000008": {"short_time_hours_12m": 4713.0},
}
# Of three firms: what moved their risk in log-odds, their figures on the list before, what would take them off the list.
MOVED = {
    "552100554": {"debt": 0.9, "paydex": 0.3},
    "100000017": {"liquidity_ratio": 0.8},
    "350000008": {"short_time_hours_12m": -0.7},
}
BEFORE = {
    "552100554": {"debt": 31009.0, "paydex": 23.0},
    "100000017": {"liquidity_ratio": 7219.0},
    "350000008": {"short_time_hours_12m": 5147.0},
}
COUNTERFACTUALS = {
    "552100554": {"pay_debt": {"debt": (42317.0, 0.0)}, "pay_suppliers": {"paydex": (47.0, 29.0)}},
    "100000017": {},
    "350000008": {"end_short_time": {"short_time_fte": (2.0, 0.0)}},
}
THRESHOLDS = Thresholds(high=0.4, moderate=0.2)
HORIZON = 18


def margin(siren: str) -> float:
    return BASE + sum(CONTRIBUTIONS[siren])


def alert(siren: str) -> str:
    if siren == "690000019":
        return "none"
    probability = expit(margin(siren))
    return "high" if probability >= THRESHOLDS.high else "moderate" if probability >= THRESHOLDS.moderate else "none"


def reason(siren: str) -> dict | None:
    name = INPUTS[int(np.argmax(CONTRIBUTIONS[siren]))]
    feature = next(f for f in CATALOG if f.name == name)
    value = SECRET.get(siren, {}).get(name, 1.0)
    shown = None if SECRET.get(siren, {}).get("accounts_confidential") else str(value)
    return {
        "feature": name,
        "theme": feature.theme,
        "value": shown,
        "unit": feature.unit,
        "contribution": max(CONTRIBUTIONS[siren]),
        "sentence": "",
        "is_stable": siren != "552100554",
    }


def movement(siren: str, period: date) -> dict | None:
    if siren not in MOVED or period.month == 1:
        return None
    return movement_record(pd.Series(MOVED[siren]), SECRET[siren], BEFORE[siren], date(2024, 1, 1), is_new_model=False)


def counterfactual(siren: str) -> dict | None:
    if siren not in COUNTERFACTUALS:
        return None
    changes = {name: change for changed in COUNTERFACTUALS[siren].values() for name, change in changed.items()}
    return counterfactual_record(
        [Counterfactual(siren, tuple(COUNTERFACTUALS[siren]), 1.0, changes, 0.184)] if changes else []
    )


def features(period: date) -> pd.DataFrame:
    values = {f.name: [None] * len(FIRMS) if f.is_category else [1.0] * len(FIRMS) for f in CATALOG}
    table = pd.DataFrame({"siren": FIRMS["siren"], **values})
    for siren, figures in SECRET.items():
        for name, value in figures.items():
            table.loc[table["siren"] == siren, name] = value
    table["accounts_confidential"] = [1.0 if siren == "100000017" else 0.0 for siren in table["siren"]]
    table["payment_plans_active"] = 0.0
    table["departement"] = FIRMS["departement"]
    table["naf_division"] = FIRMS["naf"].str[:2]
    table["naf_section"] = "C"
    # The newest record of each source of the firms; nothing was ever told of the debts of all but one.
    told = {known_day(source): [date(period.year - 1, 12, 5)] * len(FIRMS) for source in DATED}
    told[known_day("debts")] = [date(2024, 1, 25) if siren == "552100554" else None for siren in FIRMS["siren"]]
    table = table.assign(**{name: pd.Series(days, dtype="object") for name, days in told.items()})
    states = ["redressement" if siren == "690000019" else "in_bonis" for siren in table["siren"]]
    return table.assign(label=None, procedure_state=states, in_procedure=[s != "in_bonis" for s in states])


def write_list(data: Path, period: date, model_id: str) -> None:
    order = sorted(FIRMS["siren"], key=lambda siren: (siren == "690000019", -margin(siren)))
    firms = FIRMS.set_index("siren").loc[order]
    rows = {
        "rank": [n if siren != "690000019" else None for n, siren in enumerate(order, 1)],
        "siren": order,
        "name": [
            name if d == "O" else "(non diffusible)" for name, d in zip(firms["name"], firms["diffusion"], strict=True)
        ],
        "departement": firms["departement"].tolist(),
        "region": [REGIONS[code] for code in firms["departement"]],
        "naf": firms["naf"].tolist(),
        "activity": [f"activité {code}" for code in firms["naf"]],
        "headcount": [20.0 + n for n in range(len(order))],
        "probability": [float(expit(margin(siren))) for siren in order],
        "probability_3m": pa.array([None] * len(order), pa.float64()),
        "probability_6m": [float(expit(margin(siren))) / 4 for siren in order],
        "probability_12m": [float(expit(margin(siren))) / 2 for siren in order],
        "alert": [alert(siren) for siren in order],
        "first_alert": [alert(siren) != "none" and period.month == 1 for siren in order],
        "state": ["redressement" if siren == "690000019" else "in_bonis" for siren in order],
        "reasons": pa.array([[reason(siren)] if alert(siren) != "none" else [] for siren in order], pa.list_(REASON)),
        "movement": pa.array([movement(siren, period) for siren in order], MOVEMENT),
        "counterfactual": pa.array([counterfactual(siren) for siren in order], COUNTERFACTUAL),
        "period": pa.array([period] * len(order), pa.date32()),
        "model_id": [model_id] * len(order),
        "alert_since": pa.array([date(2024, 1, 1) if alert(s) != "none" else None for s in order], pa.date32()),
    }
    folder = data / "lists" / f"{period:%Y-%m}"
    folder.mkdir(parents=True)
    ranked = pd.DataFrame({name: rows[name] for name in ("alert", "probability", "state")})
    found = given(THRESHOLDS, ranked[ranked["state"] == "in_bonis"])
    table = pa.table(rows).replace_schema_metadata({"simulated": "true", GIVEN: found.as_json()})
    pq.write_table(table, folder / "target_list.parquet")
    scores = data / "scores" / f"period={period}"
    scores.mkdir(parents=True)
    table = pd.DataFrame({"siren": order, "probability": rows["probability"]})
    table = table.assign(probability_low=table["probability"] * 0.9, probability_high=table["probability"] * 1.1)
    table.to_parquet(scores / "scores.parquet")
    parts = pd.DataFrame([dict(zip(INPUTS, CONTRIBUTIONS[siren], strict=True)) for siren in order])
    parts.assign(siren=order, base=BASE).to_parquet(scores / "contributions.parquet")
    built = data / "features" / f"period={period}"
    built.mkdir(parents=True)
    features(period).to_parquet(built / "part-0.parquet")


def write_data(data: Path) -> Path:
    catalog = {f.name: f for f in CATALOG}
    inputs = tuple(Input(n, catalog[n].theme, catalog[n].unit, catalog[n].direction, catalog[n].root) for n in INPUTS)
    facts = model_facts(as_of=date(2024, 1, 1), horizon=HORIZON, absent_sources=("ccsf",), batch="2401")
    model = risk_model(inputs=inputs, facts=facts)
    cut = CutFigures(0.41, 0.3, true_negatives=804, false_positives=59, false_negatives=96, true_positives=41)
    figures = replace(FIGURES, failures=137, mean_probability=0.14, high=cut, moderate=cut, top_1_percent=cut)
    found = metrics(models={"lightgbm": figures}, groups={}, stability=Stability(None, None, 0, 0))
    model_id = registry.save(data / "models", model, found, "card")
    registry.promote(data / "models", model_id, "the first")
    for period in (date(2024, 1, 1), date(2024, 2, 1)):
        write_list(data, period, model_id)
    FIRMS.assign(created_on=date(2001, 5, 1)).to_parquet(data / "features" / "firms.parquet")
    write_record(data / "features" / BUILD, build_record(horizon=HORIZON), BUILD_UPGRADES)
    return data


@dataclass
class Agent:
    """A signed-in browser without a screen."""

    client: TestClient
    csrf: str

    def get(self, address: str, **headers: str):
        return self.client.get(address, headers=headers, follow_redirects=False)

    def post(self, address: str, **fields: object):
        return self.client.post(address, data={"csrf": self.csrf, **fields}, follow_redirects=False)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes():
    """Five accounts for each application, and a password at each sign-in: at the real cost, a tenth of the whole suite.

    What they really cost is checked in test_sessions.py, on the module as it is loaded.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody"))
        yield


@pytest.fixture(scope="session")
def data_template(tmp_path_factory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def app(data_template, tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('database') / 'review.db'}"
    app = create_app(read_configuration(data=data_template, database=database, is_local=True, contact="contact@x.fr"))
    add_accounts(app)
    return app


ACCOUNTS = {
    "paris": ("agent", ["75"], ALL),
    "bretagne": ("team_lead", ["Bretagne"], [str(Kind.SCORES)]),
    "lyon": ("agent", ["69"], []),
    "france": ("data_scientist", ["FR"], [str(Kind.SCORES), str(Kind.PAYMENT_DELAYS)]),
    "admin": ("administrator", ["FR"], ALL),
}


def add_accounts(app) -> None:
    there = {user.name for user in identity.all_accounts(app.state.services.engine)}
    for name, (role, territories, kinds) in ACCOUNTS.items():
        if name in there:
            continue
        accounts.add_user(app.state.services.engine, name, role, territories, kinds, PASSWORD)


def shown(response) -> str:
    """A page as it is read, with plain blanks."""
    return re.sub("[\u00a0\u202f]", " ", html.unescape(response.text))


def signed_in(app, name: str) -> Agent:
    client = TestClient(app, base_url="http://testserver", raise_server_exceptions=True)
    token = re.search('name="token" value="([^"]+)"', client.get("/sign-in").text).group(1)
    fields = {"token": token, "name": name, "password": PASSWORD, "next": "/"}
    assert client.post("/sign-in", data=fields, follow_redirects=False).status_code == 303
    return Agent(client, re.search('name="csrf" value="([^"]+)"', client.get("/lists/2024-02").text).group(1))


@pytest.fixture(scope="session")
def browsers(app) -> dict[str, Agent]:
    return {name: signed_in(app, name) for name in ACCOUNTS}


@pytest.fixture
def agents(browsers) -> dict[str, Agent]:
    """Signed-in browsers that tests share, without the language that another test chose."""
    for agent in browsers.values():
        agent.client.cookies.pop(LANGUAGE_COOKIE, None)
    return browsers


@pytest.fixture
def fresh(data_template, tmp_path):
    """An application with a database of its own."""
    return app_on(data_template, tmp_path)


@pytest.fixture
def copied(data_template, tmp_path) -> Path:
    """A data folder to change."""
    return shutil.copytree(data_template, tmp_path / "data")


def app_on(data: Path, tmp_path: Path):
    app = create_app(read_configuration(data=data, database=f"sqlite:///{tmp_path / 'r.db'}", is_local=True))
    add_accounts(app)
    return app


def rewrite(path: Path, change) -> None:
    """Change a Parquet file by a function of its table."""
    pq.write_table(change(pq.read_table(path)), path)
