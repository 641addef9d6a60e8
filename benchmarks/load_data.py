"""A made-up data folder of all of France for the load: its lists hold every column that the program writes.

Values are random; what a page reads has the names, types and sizes of real files, and is published as the program does.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from features.assemble import CATALOG, DATED
from features.folder import BUILD, PARTS, DataFolder, FeatureTable
from features.known_days import columns_of
from features.nomenclatures import mapping
from features.periods import add_months, period_range
from features.records import write_record
from features.store import ROW_GROUP, new_folder
from features.table_record import BUILD_UPGRADES, BuildRecord
from models.alerts import Thresholds
from models.calibration.interval import RiskInterval
from models.calibration.shapes import Platt
from models.protocol import DEFAULTS, SHORTER_HORIZONS, Protocol, Sampling
from models.registry import registry
from models.registry.model import RiskModel
from models.registry.records import ModelFacts, Span, Spans, TrainingData
from models.rows.inputs import Input
from models.scoring.records import risk_at
from reports.alerting import GIVEN, Given
from reports.reasons import REASON_SETTINGS, ReasonSettings
from reports.target_list import COLUMNS

FIRMS: Final = 350_000
LISTS: Final = 12
FIRST: Final = date(2023, 3, 1)
# One in so many firms is on high alert, on alert.
HIGH, ALERT = 350, 14
# From one SIREN to the next.
STEP: Final = 2609
WORDS: Final = (
    *("ATELIERS", "BOULANGERIE", "CONSERVERIE", "DUPONT", "ÉLECTRICITÉ", "FONDERIE", "GARAGE", "HÔTEL", "IMPRIMERIE"),
    *("JARDINS", "KERVELLA", "LEFÈVRE", "MAÇONNERIE", "NÉGOCE", "OUEST", "PLOMBERIE", "QUINCAILLERIE", "RESTAURANT"),
    *("SERRURERIE", "TRANSPORTS", "USINAGE", "VERGERS", "MARTIN", "BERNARD", "MOREAU", "GIRARD", "ROUX", "FOURNIER"),
)
QUANTITIES: Final = tuple(one.name for one in CATALOG if not one.is_category and one.name != "accounts_confidential")
INPUTS: Final = tuple(
    Input(one.name, one.theme, one.unit, one.direction, one.root)
    for one in CATALOG
    if not one.is_category and one.derived_from is None
)
THEMES: Final = tuple(dict.fromkeys(one.theme for one in CATALOG))
RISK: Final = "1 / (1 + exp(3.0 - 4.0 * (1 - rank / (SELECT count(*) FROM ranked))))"
# SQL: the reasons, why the risk moved, and what would take a firm off the list.
REASON: Final = (
    "{{'feature': '{name}', 'theme': '{theme}', 'value': '42300', 'unit': 'EUR', 'contribution': 0.5::DOUBLE, "
    "'sentence': 'Une phrase de quelques dizaines de lettres, comme celles des vraies listes.', 'is_stable': true}}"
)
REASONS: Final = ", ".join(REASON.format(name=one.name, theme=one.theme) for one in INPUTS[:60:12])
PART: Final = (
    "{'feature': 'debt', 'theme': 'social_debt', 'then': '31000.0', 'now': '42300.0', 'contribution': 0.4::DOUBLE, "
    "'is_hidden': false}"
)
ACTION: Final = "{'name': 'pay_debt', 'theme': 'social_debt', 'before': 42300::DOUBLE, 'after': 0::DOUBLE}"


def newest(lists: int = LISTS) -> date:
    """The period of the newest of so many lists."""
    return add_months(FIRST, lists - 1)


def write_data(data: Path, firms: int) -> None:
    """A data folder of so many random firms, with its model and its lists."""
    facts = _made_up_facts()
    model = RiskModel("tree", INPUTS, Platt(1.0, 0.0), RiskInterval((0.0,), (0.1,), 0.2), (), (), facts)
    registry.promote(data / "models", registry.save(data / "models", model, None, ""), "to try the load")
    periods = period_range(FIRST, newest())
    with _firms(firms) as con:
        _write_features(con, data, periods)
        for period in periods:
            _write_scores(con, data, period)
            _write_list(con, data, period)


def publish_next(data: Path, firms: int) -> str:
    """The next month's features, scores and list, each published as the program does; the key of the list."""
    period = add_months(max(DataFolder(data).snapshot().lists), 1)
    with _firms(firms) as con:
        _write_features(con, data, [period])
        _write_scores(con, data, period)
        _write_list(con, data, period)
    return f"{period:%Y-%m}"


def _made_up_facts() -> ModelFacts:
    """The facts of a model that was never trained."""
    span = Span(FIRST, FIRST, rows=6, firms=1, failures=0)
    made_of = TrainingData("", "", {}, True, "", FIRST, (), {}, 10, (), ())
    protocol = Protocol(6, 6, 1, 1, Sampling(), DEFAULTS, refits=0, origins=1, seed=0)
    return ModelFacts(add_months(FIRST, -1), 18, protocol, Spans(span, span, span), made_of, "", {}, 0, None)


def _built(periods: Sequence[date]) -> BuildRecord:
    return BuildRecord(
        start=periods[0],
        end=periods[-1],
        horizon=18,
        min_headcount=10,
        excluded_categories=(),
        excluded_activities=(),
        min_turnover=1_000_000,
        warm_up_months=24,
        checked=(),
        observed_until=periods[-1],
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


@contextmanager
def _firms(count: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables of the firms, the same each time, and of the nomenclatures; on one processor, as on a shared machine."""
    con = duckdb.connect(config={"threads": 1})
    places = mapping("departements", "departement", "region_label")
    labels = mapping("naf_rev2", "code", "label")
    for name, pairs in (("places", places), ("activities", labels)):
        values = [list(column) for column in zip(*sorted(pairs.items()), strict=True)]
        con.execute(f"CREATE TABLE {name} AS SELECT unnest(?) AS code, unnest(?) AS label", values)
    con.execute(
        f"""CREATE TABLE firms AS SELECT lpad((i * {STEP} + 1)::VARCHAR, 9, '0') AS siren, i AS rank,
        concat_ws(' ', w[1 + (hash(i, 1) % len(w))::INT], w[1 + (hash(i, 2) % len(w))::INT], i) AS name,
        'O' AS diffusion, '5710' AS legal_category, a[1 + (hash(i + 7) % len(a))::INT] AS naf,
        (10 + 990 / (1 + hash(i + 9) % 99))::FLOAT AS headcount, DATE '2001-05-01' AS created_on,
        DATE '2001-05-01' AS from_on, NULL::DATE AS until_on, siren || '00011' AS head_office,
        d[1 + (hash(i) % len(d))::INT] AS departement, 'COMMUNE ' || i % 999 AS commune_name,
        departement[:2] || '000' AS postcode, i % 200 || ' RUE DE LA GARE' AS address, false AS is_masked
        FROM range(1, {count + 1}) t(i), (SELECT list(code) AS d FROM places), (SELECT list(code) AS a FROM activities),
        (SELECT ?::VARCHAR[] AS w)""",  # noqa: S608
        [list(WORDS)],
    )
    try:
        yield con
    finally:
        con.close()


def _copy(con: duckdb.DuckDBPyConnection, sql: str, path: Path, metadata: str = "") -> None:
    """The rows of a query as a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP} {metadata})")


def _write_features(con: duckdb.DuckDBPyConnection, data: Path, periods: Sequence[date]) -> None:
    """A version of the feature table with the periods, and with those of the version that it replaces."""
    former = DataFolder(data).snapshot().table
    kept = former.periods if former else ()
    values = ", ".join(f"random()::FLOAT AS {name}" for name in QUANTITIES)
    days = ", ".join(f"DATE '2023-12-25' AS {name}" for name in columns_of(DATED))
    with new_folder(data / "features", keeps_former=bool(kept)) as folder:
        table = FeatureTable(folder)
        for period in kept:
            table.part(period).mkdir()
            for path in former.part(period).glob(PARTS) if former else ():
                (table.part(period) / path.name).hardlink_to(path)
        for period in periods:
            sql = f"""SELECT siren, {values}, {days}, 0::FLOAT AS accounts_confidential, departement,
            'C' AS naf_section, naf[1:2] AS naf_division, 'in_bonis' AS procedure_state, false AS in_procedure
            FROM firms ORDER BY siren"""  # noqa: S608
            _copy(con, sql, table.part(period) / "part-0.parquet")
        _copy(con, "SELECT * EXCLUDE (rank, headcount) FROM firms ORDER BY siren", table.firms)
        opened = "SELECT siren, 'redressement' AS action, 'opening' AS stage, DATE '2020-01-01' AS effective_on"
        known = "DATE '2020-02-01' AS known_at, NULL::DATE AS withdrawn_at"
        _copy(con, f"{opened}, {known} FROM firms WHERE rank % 40 = 0", table.procedures)
        write_record(folder / BUILD, _built(sorted([*kept, *periods])), BUILD_UPGRADES)


def _rank(con: duckdb.DuckDBPyConnection, period: date) -> None:
    """The firms in the order of a period: each month, they move somewhat."""
    moved = f"rank * (1 + hash(rank, DATE '{period}') % 1000 / 2000)"
    ranks = f"SELECT * REPLACE (row_number() OVER (ORDER BY {moved}) AS rank) FROM firms"  # noqa: S608
    con.execute(f"CREATE OR REPLACE TEMP TABLE ranked AS {ranks}")


def _write_scores(con: duckdb.DuckDBPyConnection, data: Path, period: date) -> None:
    _rank(con, period)
    shorter = ", ".join(f"{RISK} / 2 AS {risk_at(months)}" for months in SHORTER_HORIZONS)
    parts = ", ".join(f"(random() - 0.5) / 5 AS {one.name}" for one in INPUTS)
    with new_folder(DataFolder(data).scores_of(period)) as folder:
        sql = f"""SELECT siren, DATE '{period}' AS period, {shorter}, 0.0 AS margin, {RISK} AS probability,
        {RISK} * 0.9 AS probability_low, {RISK} * 1.1 AS probability_high,
        '{registry_id(data)}' AS model_id, 'none' AS alert FROM ranked ORDER BY siren"""  # noqa: S608
        _copy(con, sql, folder / "scores.parquet")
        sql = f"SELECT siren, -3::DOUBLE AS base, {parts} FROM ranked ORDER BY siren"  # noqa: S608
        _copy(con, sql, folder / "contributions.parquet")


def registry_id(data: Path) -> str:
    """The model in use."""
    return DataFolder(data).snapshot().champion_id or ""


def _write_list(con: duckdb.DuckDBPyConnection, data: Path, period: date) -> None:
    """The list of a period, with the columns that the program writes."""
    _rank(con, period)
    count = con.table("firms").shape[0]
    high, alert = count // HIGH, count // ALERT
    # Since half a year, one firm in forty is in a procedure.
    failed = f"(hash(siren) % 40 = 0 AND DATE '{period}' > DATE '{add_months(FIRST, LISTS - 7)}')"
    on_alert = f"rank <= {alert} AND NOT {failed}"
    made = {
        "rank": f"CASE WHEN NOT {failed} THEN rank END",
        **{name: name for name in ("siren", "name", "departement", "naf", "headcount")},
        "region": "places.label",
        "activity": "activities.label",
        "probability": RISK,
        "alert": f"CASE WHEN {on_alert} THEN CASE WHEN rank <= {high} THEN 'high' ELSE 'moderate' END ELSE 'none' END",
        "previous_alert": f"CASE WHEN rank <= {alert} THEN 'moderate' ELSE 'none' END",
        "first_alert": f"{on_alert} AND rank % 3 = 0",
        "state": f"CASE WHEN {failed} THEN 'redressement' ELSE 'in_bonis' END",
        "reasons": f"CASE WHEN {on_alert} THEN [{REASONS}] ELSE [] END",
        "themes": "{" + ", ".join(f"'{theme}': random()" for theme in THEMES) + "}",
        "period": f"DATE '{period}'",
        "model_id": f"'{registry_id(data)}'",
        "probability_low": f"{RISK} * 0.9",
        "probability_high": f"{RISK} * 1.1",
        "movement": f"CASE WHEN {on_alert} THEN {{'since': DATE '{add_months(period, -1)}', 'total': 0.7::DOUBLE, "
        f"'is_new_model': false, 'parts': [{PART}, {PART}]}} END",
        "counterfactual": f"CASE WHEN {on_alert} THEN {{'actions': [{ACTION}], 'probability': 0.1::DOUBLE}} END",
        "alert_since": f"CASE WHEN {on_alert} THEN DATE '{period}' END",
        **{risk_at(months): f"{RISK} / 2" for months in SHORTER_HORIZONS},
    }
    told = ", ".join(f"{made[name]} AS {name}" for name in COLUMNS)
    said = {
        "simulated": "true",
        REASON_SETTINGS: ReasonSettings({one.name: 0.5 for one in INPUTS if one.direction}, 5).as_json(),
        GIVEN: Given(Thresholds(0.7, 0.5), count, high, alert, 0.6).as_json(),
    }
    metadata = ", ".join(f"{key}: '{value}'" for key, value in said.items())
    with new_folder(DataFolder(data).list_of(period)) as folder:
        sql = f"""SELECT {told} FROM ranked LEFT JOIN places ON places.code = departement
        LEFT JOIN activities ON activities.code = naf ORDER BY 1 NULLS LAST"""  # noqa: S608
        _copy(con, sql, folder / "target_list.parquet", f", KV_METADATA {{{metadata}}}")
