"""The three users' commands through the real command line, on a simulated batch."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session as Transaction

from features import store
from features.assemble import CATALOG
from features.catalog import features_of
from features.folder import champion_id
from features.themes import financial_health
from flows import listing
from flows.journal import begun, recorded
from flows.monitoring import NotPublishedError
from flows.settings import load
from flows.stages import start_afresh
from models.rows.dataset import NOT_LEARNT
from reports.reasons import FEATURES
from reports.review.configuration import read_configuration
from reports.review.database import AuditEntry, open_database
from reports.runs import words
from reports.runs.records import read_run, runs
from reports.target_list import COLUMNS
from tests.commands import NO_SERVER, killed_while, started, weaksignals
from tests.economy import FIRMS, SMALL_MODEL, sealed

LEARNT = [feature.name for feature in CATALOG if feature.name not in NOT_LEARNT]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    (root / "demo").mkdir()
    (root / "demo" / "weaksignals.toml").write_text(SMALL_MODEL)
    run = started("demo", "--firms", FIRMS, "--language", "en", "--data", root)
    shown, said = run.communicate(timeout=900)
    assert run.returncode == 0, said
    return root / "demo", subprocess.CompletedProcess(run.args, run.returncode, shown, said)


@pytest.fixture(scope="module")
def ranked(demo):
    return pd.read_parquet(demo[0] / "lists" / "2024-02" / "target_list.parquet")


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.resolve().iterdir()}


def test_the_demo_shows_the_top_ten_says_simulated_and_where_the_files_are(demo):
    shown = demo[1].stdout
    assert "SIMULATED DATA" in shown
    assert "\n10. " in shown
    assert str(demo[0] / "lists" / "2024-02") in shown
    assert "Traceback" not in shown + demo[1].stderr
    assert "nanobind" not in demo[1].stderr


def test_base_and_contributions_are_the_margin_on_every_scored_row(demo):
    folder = demo[0] / "scores" / "period=2024-02-01"
    scores = pd.read_parquet((folder / "scores.parquet").resolve(), partitioning=None)
    parts = pd.read_parquet((folder / "contributions.parquet").resolve(), partitioning=None)
    assert list(parts.columns) == ["siren", "period", "base", *LEARNT]
    total = parts.drop(columns=["siren", "period"]).sum(axis=1)
    assert np.abs(total - scores["margin"]).max() < 1e-6
    assert len(scores) > 200


def test_the_list_is_ranked_by_risk_and_firms_in_a_procedure_have_no_rank(ranked):
    assert tuple(ranked.columns) == COLUMNS
    at_risk = ranked[ranked["rank"].notna()]
    assert list(at_risk["rank"]) == list(range(1, len(at_risk) + 1))
    assert at_risk["probability"].is_monotonic_decreasing
    assert set(at_risk["state"]) == {"in_bonis"}
    outside = ranked[ranked["rank"].isna()]
    assert len(outside) > 0
    assert set(outside["alert"]) == {"none"}


def test_every_firm_on_alert_has_ranked_reasons_that_raise_its_risk(ranked):
    on_alert = ranked[ranked["alert"] != "none"]
    assert len(on_alert) > 0
    for reasons in on_alert["reasons"]:
        contributions = [reason["contribution"] for reason in reasons]
        assert contributions
        assert min(contributions) > 0
        assert contributions == sorted(contributions, reverse=True)
        assert all(reason["sentence"].endswith(".") for reason in reasons)


def test_themes_and_base_add_up_to_the_margin(demo, ranked):
    scores = pd.read_parquet(
        (demo[0] / "scores" / "period=2024-02-01" / "contributions.parquet").resolve(), partitioning=None
    )
    margin = scores.drop(columns=["siren", "period"]).sum(axis=1).set_axis(scores["siren"])
    themes = pd.DataFrame(ranked["themes"].tolist()).sum(axis=1).set_axis(ranked["siren"])
    assert np.abs(margin.loc[themes.index] - themes - scores["base"].iloc[0]).max() < 1e-6


def test_no_confidential_figure_is_in_the_list(demo, ranked):
    rows = pd.read_parquet((demo[0] / "features" / "period=2024-02-01").resolve(), partitioning=None)
    hidden = set(rows.loc[rows["accounts_confidential"] == 1, "siren"])
    names = {f.name for f in features_of(financial_health)} - {"accounts_age", "accounts_confidential"}
    found = [
        r for row in ranked[ranked["siren"].isin(hidden)].itertuples() for r in row.reasons if r["feature"] in names
    ]
    assert found
    assert all(reason["value"] is None and "confidential" in reason["sentence"] for reason in found)


def test_the_events_of_procedures_are_kept_beside_the_openings_that_they_hold(demo):
    events, opened = (
        pd.read_parquet((demo[0] / "features").resolve() / f"{name}.parquet") for name in ("procedures", "openings")
    )
    held = events[(events["stage"] == "opening") & events["withdrawn_at"].isna()][["siren", "effective_on"]]
    assert len(opened) > 50
    assert set(held.itertuples(index=False, name=None)) == set(opened.itertuples(index=False, name=None))
    assert (events["known_at"] >= events["effective_on"]).all()


def test_firms_on_alert_and_no_others_are_told_what_would_take_them_off_the_list(demo, ranked):
    assert list(ranked["counterfactual"].notna()) == list(ranked["alert"] != "none")
    firms = json.loads((demo[0] / "lists" / "2024-02" / "target_list.json").read_text())["firms"]
    sentences = {firm["siren"]: firm["counterfactual"] for firm in firms}
    assert sentences[ranked["siren"][0]].endswith(".")
    assert sentences[ranked["siren"].iloc[-1]] is None


def test_every_export_says_simulated_and_names_nobody_who_objects(demo):
    folder = demo[0] / "lists" / "2024-02"
    content = json.loads((folder / "target_list.json").read_text())
    assert content["simulated"] is True
    assert any("SIMULATED" in notice for notice in content["notices"])
    table = pd.read_csv(folder / "target_list.csv", dtype={"siren": str})
    assert table["simulated"].all()
    workbook = pd.read_excel(folder / "target_list.xlsx", sheet_name=None, engine="calamine", dtype={"siren": str})
    assert list(workbook) == ["list", "about"]
    assert "SIMULATED" in workbook["about"].columns[0]
    for name in ("siren", "name", "alert", "reasons"):
        assert workbook["list"][name].fillna("").tolist() == table[name].fillna("").tolist()
    assert np.allclose(workbook["list"]["probability"], table["probability"])
    firms = pd.read_parquet((demo[0] / "features" / "firms.parquet").resolve(), partitioning=None)
    objecting = set(firms.loc[firms["diffusion"] != "O", "siren"]) & set(table["siren"])
    assert objecting
    assert set(table.loc[table["siren"].isin(objecting), "name"]) == {"(not published)"}


def test_the_front_end_document_adds_up_to_the_score(demo):
    documents = json.loads((demo[0] / "lists" / "2024-02" / "target_list_signaux_faibles.json").read_text())
    explained = [document for document in documents if "macro_expl" in document]
    assert explained
    for document in explained:
        assert sum(document["macro_expl"].values()) == pytest.approx(document["score"], abs=1e-9)


def test_the_report_of_the_run_tells_its_stages_and_decisions_and_names_no_firm(demo, ranked):
    (record,), damaged = runs(load(data=demo[0]).folder)
    assert (record.outcome, record.period, damaged) == ("done", date(2024, 2, 1), [])
    assert [stage.name for stage in record.stages] == ["simulate", "ingest", "build", "train", "score", "monitor"]
    assert all(stage.peak_mb > 50 for stage in record.stages)
    assert [decision.message for decision in record.decisions][:2] == [words.BUILT, words.MODEL_FIRST]
    assert record.decisions[-1].message == words.PUBLISHED
    assert set(record.checks.values()) == {True}
    assert {one.check for one in record.tables} == set(words.TABLES)
    assert {one.level for one in record.tables} == {None}
    page = (demo[0] / "runs" / record.run_id / "index.fr.html").read_text()
    assert "entreprises inconnues du répertoire" in page
    assert record.alerts["high"] == (ranked["alert"] == "high").sum()
    assert all((demo[0] / path).exists() for path in record.links.values())
    written = "".join(path.read_text() for path in (demo[0] / "runs" / record.run_id).resolve().iterdir())
    assert not [name for name in (*ranked["siren"], *ranked["name"]) if name in written]


def test_explain_shows_one_firm_with_its_history(demo, ranked):
    done = weaksignals("explain", ranked["siren"][0], "--language", "en", "--data", demo[0])
    assert done.returncode == 0, done.stderr
    assert ranked["reasons"][0][0]["sentence"] in done.stdout
    assert "2024-01" in done.stdout
    months = re.findall(r"(2\d{3}-\d\d) [│|]\s+([\d.]+%)", done.stdout)
    assert len(months) > 1
    # The month of the list and the last line of the history are one: they show one risk.
    assert months[-1] == ("2024-02", f"{ranked['probability'][0]:.1%}")


def test_a_figure_is_traced_to_the_lines_of_the_files_the_model_the_lists_and_its_readers(demo, ranked, tmp_path):
    owes = [any(reason["feature"] == "debt" for reason in reasons) for reasons in ranked["reasons"]]
    siren = ranked.loc[owes, "siren"].iloc[0]
    data = tmp_path / "data"
    shutil.copytree(demo[0], data, symlinks=True)
    with Transaction(open_database(read_configuration(data=data).database_url)) as db:
        db.add(
            AuditEntry(by="agathe", address="", action="firm", path=f"/firms/{siren}?list=2024-02", outcome="admitted")
        )
        db.add(AuditEntry(by="bruno", address="", action="firm", path="/firms/123456789", outcome="404"))
        db.commit()
    arguments = ("lineage", siren, "--feature", "debt", "--language", "en", "--json", tmp_path / "lineage.json")
    done = weaksignals(*arguments, "--data", data)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "lineage.json").read_text())
    assert {figure["feature"] for figure in found["figures"]} == {"debt", "debt_lag_12m", "debt_change_3m"}
    folder = demo[0] / "scores" / "period=2024-02-01"
    parts = pd.read_parquet((folder / "contributions.parquet").resolve(), partitioning=None).set_index("siren")
    for figure in found["figures"]:
        assert figure["contribution"] == pytest.approx(parts.loc[siren, figure["feature"]])
    assert found["scored"]["is_same_table"]
    assert found["staged_since"] == []
    assert {record["source"] for record in found["records"]} == {"debts"}
    for record in found["records"]:
        line = (demo[0] / "raw" / record["batch"] / record["file"]).read_text().splitlines()[record["line"] - 1]
        assert record["values"]["siret"].lstrip("0") in line
        assert record["known_on"] <= "2024-02-01"
    (listed,) = found["listed"]
    assert (listed["month"], listed["rank"]) == ("2024-02", ranked.set_index("siren").loc[siren, "rank"])
    assert [(opened["by"], opened["outcome"]) for opened in found["opened"]] == [("agathe", "admitted")]
    assert listed["sentences"][0] in done.stdout
    assert "by agathe: firm, admitted" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(("000000000",), "is not in the feature table"), (("1", "--feature", "dept"), "did you mean debt?")],
)
def test_a_firm_or_a_feature_that_is_none_has_no_lineage(demo, arguments, sentence):
    done = weaksignals("lineage", *arguments, "--data", demo[0])
    assert done.returncode == 1
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ingest", "nowhere"), "is not a folder"),
        (("build",), "weaksignals ingest"),
        (("train",), "weaksignals build"),
        (("score",), "weaksignals train"),
        (("explain", "123456789"), "weaksignals train"),
        (("run", "nowhere"), "is not a folder"),
        (("simulate", "x", "--firms", "0"), "can't be simulated"),
        (("simulate", "x", "--end", "soon"), "soon"),
        (("bench", "polish", "--path", "nowhere.arff"), "nowhere.arff"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(arguments, sentence, tmp_path):
    extra = () if arguments[0] in ("simulate", "bench") else ("--data", tmp_path)
    done = weaksignals(*arguments, *extra)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_firm_and_an_unbuilt_period_are_said_in_a_sentence(demo):
    for arguments, sentence in (
        (("explain", "000000000"), "is not in the feature"),
        (("score", "--period", "2030-01"), "is not in"),
    ):
        done = weaksignals(*arguments, "--data", demo[0])
        assert done.returncode == 1
        assert sentence in done.stderr


def test_the_dictionary_is_written_from_the_catalogue(tmp_path):
    assert weaksignals("dictionary", "--out", tmp_path).returncode == 0
    table = pd.read_csv(tmp_path / "dictionary.csv")
    assert list(table["name"]) == [feature.name for feature in CATALOG]
    assert all(f"`{feature.name}`" in (tmp_path / "dictionary.md").read_text() for feature in CATALOG)


def test_the_models_are_listed_and_one_is_put_in_use_only_for_a_reason(demo):
    model_id = (demo[0] / "models" / "champion").read_text().strip()
    listed = weaksignals("models", "--data", demo[0])
    assert listed.returncode == 0, listed.stderr
    assert model_id in listed.stdout
    assert weaksignals("models", "promote", model_id, "--why", "asked for", "--data", demo[0]).returncode == 0
    for arguments, sentence in (
        (("promote", model_id, "--why", " "), "for a reason"),
        (("promote", "unknown", "--why", "x"), "can't be read"),
        (("rollback",), "nothing to go back to"),
    ):
        done = weaksignals("models", *arguments, "--data", demo[0])
        assert done.returncode == 1
        assert sentence in done.stderr


def test_the_card_tells_all_that_the_model_is_judged_by(demo):
    (card,) = (demo[0] / "models").glob("[0-9]*/card.md")
    text = card.read_text()
    for title in (
        "challengers",
        "Uncertainty",
        "other protocols",
        "Calibration",
        "horizon",
        "Lead time",
        "procedure",
        "kind",
        "What weighs most",
    ):
        assert title in text
    weights = json.loads((card.parent / "metrics.json").read_text())["feature_importance"]
    for shares in weights.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_the_card_shows_pictures_that_stand_beside_it_in_both_languages(demo):
    (card,) = (demo[0] / "models").glob("[0-9]*/card.md")
    shown = re.findall(r"!\[(.+?)\]\((pictures/\w+)\.en\.svg\)", card.read_text())
    assert [name for _, name in shown] == ["pictures/beeswarm", "pictures/themes", "pictures/dependence"]
    for alternative, name in shown:
        assert alternative.endswith(".")
        for language in ("en", "fr"):
            assert (card.parent / f"{name}.{language}.svg").read_text().startswith("<svg ")
    heaviest = next(iter(json.loads((card.parent / "metrics.json").read_text())["feature_importance"]["features"]))
    assert f"The heaviest: {FEATURES[heaviest].en} (" in shown[0][0]


def test_the_verdicts_that_are_exported_are_on_the_monitoring_page(demo, ranked):
    exported = demo[0] / "verdicts.csv"
    assert weaksignals("verdicts", "export", "--data", demo[0]).returncode == 0
    siren = ranked.loc[ranked["alert"] != "none", "siren"].iloc[0]
    exported.write_text(f"{exported.read_text()}{siren},2024-02,m,True,,,agent,2024-03-01\n")
    done = weaksignals("monitor", "--data", demo[0])
    exported.unlink()
    assert done.returncode == 0, done.stderr
    content = json.loads((demo[0] / "monitoring" / "2024-02" / "monitoring.json").read_text())
    assert [(one["verdicts"], one["useful"]) for one in content["verdicts"]] == [(1, 1)]


@pytest.mark.slow
def test_after_a_run_was_killed_each_step_again_ends_as_one_never_killed(demo, tmp_path):
    shutil.copy(demo[0] / "weaksignals.toml", tmp_path)
    # While it reads and while it builds: after so many seconds, a fast machine would have trained its model.
    for half_done in ("staged/.versions/*", ".versions/features-*"):
        run = ["run", str(demo[0] / "raw"), "--language", "en", "--data", str(tmp_path)]
        to_kill = started(*run, variables=NO_SERVER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        killed_while(to_kill, lambda half_done=half_done: any(tmp_path.glob(half_done)))
    shutil.copytree(demo[0] / "models", tmp_path / "models", symlinks=True)
    for step in (("ingest", demo[0] / "raw"), ("build",), ("train",), ("score", "--language", "en")):
        done = weaksignals(*step, "--data", tmp_path)
        assert done.returncode == 0, done.stderr
        if step == ("train",):
            assert "It is the model in use" in done.stdout
    assert digests(tmp_path / "lists" / "2024-02") == digests(demo[0] / "lists" / "2024-02")


@pytest.mark.slow
def test_where_the_model_in_use_can_not_score_the_table_a_new_one_takes_its_place(demo, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demo[0], data, symlinks=True)
    former = champion_id(data / "models")
    file = (data / "features").resolve() / "build.json"
    content = json.loads(file.read_text())
    content["dictionary"]["debt"] = "another"
    file.write_text(json.dumps(content))
    refused = weaksignals("score", "--data", data)
    assert refused.returncode == 1
    assert "Train a model on this table" in refused.stderr
    (data / "weaksignals.toml").write_text(SMALL_MODEL.replace("= 60", "= 61"))
    trained = weaksignals("train", "--data", data)
    assert trained.returncode == 0, trained.stderr
    assert champion_id(data / "models") != former


def test_a_demo_starts_afresh_but_for_accounts_and_settings(tmp_path):
    settings = load(data=tmp_path)
    for name in ("raw/2401", "models/old", "lists/2024-01", "staged/debts", "review"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "weaksignals.toml").touch()
    with store.new_folder(settings.folder.features) as fresh:
        (fresh / "build.json").touch()
    start_afresh(settings, tmp_path / "raw")
    assert {path.name for path in tmp_path.iterdir()} - {".versions"} == {"review", "weaksignals.toml"}
    assert not list(tmp_path.glob(".versions/*"))


def test_monitoring_writes_a_page_of_the_published_list(demo):
    done = weaksignals("monitor", "--language", "en", "--data", demo[0])
    assert done.returncode == 0, done.stderr
    folder = demo[0] / "monitoring" / "2024-02"
    page = (folder / "index.html").read_text()
    assert "SIMULATED DATA" in page
    (received,) = re.findall(r'<a href="([^"]+)">', page)
    # As a browser follows it: by name, not by what the folder is a link to.
    assert "SIMULATED DATA" in Path(os.path.normpath(folder / received)).read_text()
    content = json.loads((folder / "monitoring.json").read_text())
    assert len(content["features"]) == len(LEARNT)
    assert not [finding for finding in content["findings"] if finding["level"] == "stop"]


def test_broken_inputs_publish_nothing_and_the_last_list_stays(demo, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demo[0], data, symlinks=True)
    part = next((data / "features" / "period=2024-02-01").glob("*.parquet"))
    rows = pd.read_parquet(part.resolve(), partitioning=None)
    names = [feature.name for feature in CATALOG if "debts" in feature.sources]
    rows[names] = np.float32("nan")
    rows.to_parquet(part, index=False)
    sealed((data / "features").resolve())
    before = digests(data / "lists" / "2024-02"), digests(data / "scores" / "period=2024-02-01")
    done = weaksignals("score", "--language", "en", "--data", data)
    assert done.returncode == 1
    assert "Nothing was published for 2024-02: contribution debts (URSSAF): No firm has any figure" in done.stderr
    assert "Traceback" not in done.stderr
    assert (digests(data / "lists" / "2024-02"), digests(data / "scores" / "period=2024-02-01")) == before
    assert "contribution debts" in (data / "monitoring" / "2024-02-refused" / "index.html").read_text()


def test_a_run_that_publishes_nothing_says_so_with_what_stops_it(demo, tmp_path):
    settings = load(data=tmp_path / "data", alerts={"moderate_share": 0.01, "high_share": 0.01})
    shutil.copytree(demo[0], settings.data, symlinks=True)
    # The list of the month before: as many alerts as the usual policy gives.
    shutil.copytree((settings.data / "lists" / "2024-02").resolve(), settings.data / "lists" / "2024-01")
    with pytest.raises(NotPublishedError), recorded(begun(settings, "monthly")) as journal:
        journal.step("score", listing.score, settings, None, str)
    record = read_run(settings.data / "runs" / journal.record.run_id)
    assert (record.outcome, record.stops, record.alerts) == ("refused", 1, {})
    assert record.sentence.startswith("Nothing was published for 2024-02: alerts: ")
    assert record.decisions[-1].message == words.NOT_PUBLISHED
    assert record.moves.since == date(2024, 1, 1)
    assert record.moves.went_out > 20
    assert (settings.data / record.links["monitoring"]).exists()


@pytest.mark.slow
def test_a_damaged_file_ends_a_command_in_a_sentence_that_names_it_and_nothing_is_lost(demo, ranked, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demo[0], data, symlinks=True)
    before = digests(data / "lists" / "2024-02")
    for file, command, told in (
        ("staged/debts/2401_simulated-0.parquet", ("build", "--start", "2024-02", "--rebuild"), "not hold the records"),
        ("features/period=2024-02-01/part-0.parquet", ("score",), "not hold what was built for 2024-02"),
        ("features/firms.parquet", ("explain", ranked["siren"][0]), "firms.parquet .* not hold what was built"),
        ("scores/period=2024-02-01/scores.parquet", ("monitor",), "scores.parquet .* it is damaged"),
    ):
        sound = (data / file).read_bytes()
        (data / file).write_bytes(sound[: len(sound) // 2])
        done = weaksignals(*command, "--data", data)
        assert done.returncode == 1
        assert re.search(told, done.stderr)
        assert "Traceback" not in done.stderr
        (data / file).write_bytes(sound)
    assert digests(data / "lists" / "2024-02") == before


def test_too_many_undecided_notices_publish_nothing_and_what_to_do_is_said(demo, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demo[0], data, symlinks=True)
    features = data / "features"
    held = pd.read_parquet(features / "procedures.parquet").iloc[::7][["siren", "known_at"]]
    held.assign(notice="A", nature="jugement de clôture inédite", text="").to_parquet(features / "undecided.parquet")
    sealed(features.resolve())
    before = digests(data / "lists" / "2024-02")
    done = weaksignals("score", "--language", "en", "--data", data)
    assert done.returncode == 1, done.stdout
    assert "have a notice that may change their state and can't be read with certainty" in done.stderr
    assert "raise in weaksignals.toml, [limits]: undecided_share_stop" in done.stderr
    assert "Traceback" not in done.stderr
    assert digests(data / "lists" / "2024-02") == before
    (data / "weaksignals.toml").write_text("[limits]\nundecided_share_stop = 0.9\n")
    done = weaksignals("score", "--language", "en", "--data", data)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("key", "told"), [("psi_stop = 0", "psi_stop"), ("psi_stops = 1", "psi_stops")])
def test_a_limit_that_can_not_be_is_refused_by_name(demo, tmp_path, key, told):
    (tmp_path / "weaksignals.toml").write_text(f"[limits]\n{key}\n")
    done = weaksignals("monitor", "--data", tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
