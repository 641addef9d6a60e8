"""What `weaksignals gc` removes, and what it never does."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from features import store
from features.errors import InputError
from features.records import write_record
from features.table_record import BUILD_UPGRADES, StagedFile
from flows import retention
from flows.keeping import Keeping
from flows.settings import load
from models.registry.registry import Promotion
from reports.review.configuration import read_configuration
from reports.review.database import Case, Verdict, open_database
from reports.runs.page import write_run
from reports.runs.records import RunRecord
from tests.commands import weaksignals
from tests.records import build_record

MODELS = (
    "2020-01-listed",
    "2020-02-scored",
    "2020-03-answered",
    "2020-03-followed",
    "2020-04-used",
    "2020-05-none",
    "2020-06-champion",
    "2020-07-last",
)


def put(path, name, content=""):
    with store.new_folder(path) as fresh:
        (fresh / name).write_text(content)


def ran(settings, run_id, year, month, **links):
    record = RunRecord(run_id, "monthly", datetime(year, month, 25, tzinfo=UTC), "0.2.0", 1, "here", outcome="done")
    changes = {"period": date(year, month, 1), "links": links}
    write_run(settings.folder, RunRecord(**{**vars(record), **changes}))


@pytest.fixture
def house(tmp_path):
    """A data folder with more than is needed."""
    settings = load(data=tmp_path, keep={"models": 1, "months": 12})
    folder = settings.folder
    for model_id in MODELS:
        put(folder.models / model_id, "model.json", "{}")
    (folder.models / "champion").write_text("2020-06-champion\n")
    history = [
        Promotion(model_id, "2020-01-01T00:00:00+00:00", "so") for model_id in ("2020-04-used", "2020-06-champion")
    ]
    promoted = ", ".join(f'{{"model_id": "{one.model_id}", "at": "{one.at}", "why": "so"}}' for one in history)
    (folder.models / "promotions.json").write_text(f"[{promoted}]")
    for month in ("2020-03", "2023-03"):
        with store.new_folder(folder.lists / month) as fresh:
            rows = {"siren": ["1"], "alert": ["none"], "rank": [1], "model_id": ["2020-01-listed"]}
            pd.DataFrame(rows).to_parquet(fresh / "target_list.parquet")
    with store.new_folder(folder.scores_of(date(2020, 3, 1))) as fresh:
        pd.DataFrame({"siren": ["1"], "model_id": ["2020-02-scored"]}).to_parquet(fresh / "scores.parquet")
    with store.new_folder(folder.features) as fresh:
        used = StagedFile("legal_units", "2001", "a.csv", "0")
        write_record(fresh / "build.json", build_record(files=(used,)), BUILD_UPGRADES)
    for batch in ("2001", "2002", "2202", "2203", "2303", "2002-refused"):
        put(folder.received / batch, "received.json")
    for batch in ("2001", "2002", "2303"):
        put(folder.rejects / batch / "debts", "part.parquet")
    for month in ("2020-03", "2020-04-refused", "2023-03", "2023-04-refused"):
        put(folder.monitoring / month, "index.html")
    ran(settings, "published", 2020, 3, list="lists/2020-03")
    ran(settings, "again", 2020, 4)
    ran(settings, "newest", 2023, 3, list="lists/2023-03")
    engine = open_database(read_configuration(data=tmp_path).database_url)
    with engine.begin() as connection:
        answer = {"siren": "1", "list_period": "2020-03", "model_id": "2020-03-answered", "is_useful": True}
        connection.execute(
            Verdict.__table__.insert(),
            {**answer, "reason": "", "note": "", "by": "a", "at": datetime(2020, 3, 1, tzinfo=UTC), "follows": 0},
        )
        opened = {"siren": "1", "list_period": "2020-03", "model_id": "2020-03-followed", "by": "a", "follows": 0}
        connection.execute(Case.__table__.insert(), {**opened, "at": datetime(2020, 3, 1, tzinfo=UTC)})
    engine.dispose()
    return settings


def everything(settings):
    return {path for path in settings.data.rglob("*") if path.name != store.LOCK}


def gone(settings, **keep):
    found = retention.unneeded(settings.folder, Keeping(**keep), read_configuration(data=settings.data))
    return {str(one.path.relative_to(settings.data)) for one in found}


def test_nothing_goes_that_a_list_a_score_the_model_in_use_an_answer_or_the_table_needs(house):
    assert gone(house, models=0, months=0) == {
        "models/2020-04-used",
        "models/2020-05-none",
        "models/2020-07-last",
        "monitoring/2020-04-refused",
        "received/2002",
        "received/2002-refused",
        "received/2202",
        "received/2203",
        "rejects/2002",
        "runs/again",
    }


def test_the_last_models_and_the_last_months_stay_as_the_settings_say(house):
    assert gone(house, models=1, months=12) == {
        "models/2020-04-used",
        "models/2020-05-none",
        "monitoring/2020-04-refused",
        "received/2002",
        "received/2002-refused",
        "received/2202",
        "received/2203",
        "rejects/2002",
        "runs/again",
    }
    assert {"models/2020-04-used", "models/2020-07-last"}.isdisjoint(gone(house, models=2, months=13))
    assert "received/2203" not in gone(house, models=2, months=13)
    assert gone(house, models=8, months=100) == set()


def test_the_command_prints_what_it_removes_and_a_dry_run_removes_nothing(house):
    (house.data / "weaksignals.toml").write_text("[keep]\nmodels = 1\nmonths = 12\n")
    before = everything(house)
    tried = weaksignals("gc", "--dry-run", "--data", house.data)
    assert tried.returncode == 0, tried.stderr
    assert "9 would be removed" in tried.stdout
    assert f"{house.folder.models / '2020-05-none'} (0.0 MB): a model of no list, score or answer" in tried.stdout
    assert everything(house) == before
    done = weaksignals("gc", "--data", house.data)
    assert done.returncode == 0, done.stderr
    assert "9 removed" in done.stdout
    assert not (house.folder.models / "2020-05-none").is_symlink()
    assert not list(house.folder.models.glob(".versions/2020-05-none*"))
    assert not (house.folder.rejects / "2002").exists()
    assert (house.folder.models / "2020-03-answered" / "model.json").exists()
    assert weaksignals("gc", "--data", house.data).stdout == "0 removed, 0.0 MB.\n"


@pytest.mark.parametrize("place", ["lists/2020-03/target_list.parquet", "models/promotions.json", "review/review.db"])
def test_where_what_is_needed_can_not_be_told_nothing_goes(house, place):
    (house.data / place).write_bytes(b"damaged" * 100)
    before = everything(house)
    done = weaksignals("gc", "--data", house.data)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert everything(house) == before


def test_a_folder_without_anything_yet_loses_nothing(tmp_path):
    assert gone(load(data=tmp_path)) == set()


def test_a_month_is_none_that_is_named_otherwise(house):
    (house.folder.received / "notes").mkdir()
    (house.folder.monitoring / "mine-refused").mkdir()
    assert {"received/notes", "monitoring/mine-refused"}.isdisjoint(gone(house, models=0, months=0))


def test_keeping_less_than_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="models and months must be 0 or more"):
        load(data=tmp_path, keep={"models": -1})
