"""What came late was known late: a manifest tells when, and nothing is known before it came."""

from datetime import UTC, date, datetime

import pytest

from features import engine
from features.deliveries import check
from features.errors import InputError
from features.ingest import Reading, ingest, read_staged
from features.manifests import (
    Late,
    Manifest,
    ReceivedFile,
    came_on,
    late_deliveries,
    read_manifest,
    write_manifest,
)
from features.sources import SOURCES
from tests.deliveries import DEBTS, sound, write

BY_NAME = {source.name: source for source in SOURCES}
CONTRIBUTIONS = "Siret;Compte;periode;mer;enc_direct;cotis_due"
PAYDEX = "siren,état_organisation,code_paydex,paydex,n_fournisseurs,encours_étudiés,fpi_30,fpi_90,date"
DEBT = "9;005520135;00552013500012;201712;{n};1;{day};1000;0;3"
# Per source: its file, its header, a line of November, and the line that January's delivery adds.
ADDED = {
    "debts": (
        "sigfaible_debits.csv",
        DEBTS,
        DEBT.format(n=1, day="1231115"),
        DEBT.format(n=2, day="1240120"),
    ),
    "contributions": (
        "sigfaible_cotisdues.csv",
        CONTRIBUTIONS,
        "00552013500012;9;202342;0;0;100",
        "00552013500012;9;202343;0;0;100",
    ),
    "payment_delays": (
        "altares_paydex.csv",
        PAYDEX,
        "552100554,,1,5,3,100,10,0,2023-11-30",
        "552100554,,1,9,3,100,10,0,2023-12-26",
    ),
}


def received(name, source, day):
    return ReceivedFile(name, source, 1, "", datetime(*day, 12, tzinfo=UTC), None, None, 1, 1, 0)


def delivered(raw, source, batch, *, came=None):
    """A batch with a source's file, whole for a stock; came: when it was received, where that was written down."""
    name, header, *lines = ADDED[source]
    folder = sound(raw, batch)
    write(folder, name, header, *lines[: 1 if batch == "2312" else 2])
    if came:
        write_manifest(folder, Manifest((received(name, source, came),)))


def known(root, source, on):
    """What was known of a source on a day, without the batch that told it."""
    con = engine.connect("duckdb", root / "data" / "scratch", 1)
    folders = {name: root / "data" / name for name in ("staged", "rejects", "scratch")}
    ingest([con], root / "raw", SOURCES, Reading(0.05, 25, {}), **folders, progress=lambda _: None)
    rows = read_staged(con, root / "data" / "staged", BY_NAME[source]).to_pyarrow().to_pylist()
    return sorted(str(row) for row in rows if row["known_at"] <= on)


@pytest.mark.parametrize("source", ADDED)
def test_on_a_day_before_a_late_delivery_came_only_the_one_before_it_is_known(tmp_path, source):
    for house in ("late", "without"):
        delivered(tmp_path / house / "raw", source, "2312")
    delivered(tmp_path / "late" / "raw", source, "2401", came=(2024, 2, 3))
    before, after = date(2024, 2, 2), date(2024, 2, 3)
    assert known(tmp_path / "late", source, before) == known(tmp_path / "without", source, before)
    assert len(known(tmp_path / "late", source, after)) == len(known(tmp_path / "late", source, before)) + 1


@pytest.mark.parametrize("source", ADDED)
def test_what_came_on_its_day_or_without_a_manifest_is_known_as_the_batch_says(tmp_path, source):
    for house, came in (("early", (2024, 1, 24)), ("without", None)):
        delivered(tmp_path / house / "raw", source, "2312")
        delivered(tmp_path / house / "raw", source, "2401", came=came)
    on = date(2024, 2, 1)
    assert known(tmp_path / "early", source, on) == known(tmp_path / "without", source, on)
    assert len(known(tmp_path / "early", source, on)) == 2


def test_a_first_delivery_that_came_late_keeps_the_history_that_it_brings(tmp_path):
    delivered(tmp_path / "raw", "debts", "2401", came=(2024, 2, 3))
    assert len(known(tmp_path, "debts", date(2024, 2, 2))) == 1


def test_a_later_delivery_that_came_before_a_late_one_tells_what_that_lacks(tmp_path):
    batches = {"2401": (2024, 3, 10), "2402": (2024, 2, 26), "2403": (2024, 3, 20)}
    manifests = {}
    for batch, came in batches.items():
        write(tmp_path / batch, "sigfaible_debits.csv", DEBTS, "x")
        manifests[tmp_path / batch] = Manifest((received("sigfaible_debits.csv", "debts", came),))
    assert late_deliveries(manifests, BY_NAME["debts"], 25) == (
        Late(date(2024, 1, 25), date(2024, 2, 26)),
        Late(date(2024, 2, 25), date(2024, 2, 26)),
    )


def test_a_correction_does_not_make_the_delivery_that_it_corrects_late(tmp_path):
    manifests = {}
    for batch, came in {"2401": (2024, 1, 26), "2401_v02": (2024, 2, 10)}.items():
        write(tmp_path / batch, "sigfaible_debits.csv", DEBTS, "x")
        manifests[tmp_path / batch] = Manifest((received("sigfaible_debits.csv", "debts", came),))
    assert late_deliveries(manifests, BY_NAME["debts"], 25) == (Late(date(2024, 1, 25), date(2024, 1, 26)),)


def test_days_are_counted_in_paris():
    late = ReceivedFile("a", "debts", 1, "", datetime(2024, 1, 25, 23, 30, tzinfo=UTC), None, None, 1, 1, 0)
    assert came_on(Manifest((late,)), "a", date(2024, 1, 25)) == date(2024, 1, 26)


def test_a_manifest_is_no_file_that_partners_sent_and_a_damaged_one_is_told(tmp_path):
    delivered(tmp_path / "raw", "debts", "2401", came=(2024, 2, 3))
    assert check(tmp_path / "raw", SOURCES, tmp_path / "staged").told.unread == ()
    (tmp_path / "raw" / "2401" / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"2401/manifest\.json can't be read .* Restore it from a back-up"):
        read_manifest(tmp_path / "raw" / "2401")
