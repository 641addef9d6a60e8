import gzip
import shutil
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest

from features import engine, perimeter
from features.deliveries import find_batches
from features.errors import InputError
from features.ingest import Reading, ingest, read_staged
from features.periods import due_on
from features.received import Undecided, read_reports
from features.sources import SOURCES
from features.sources.files import open_text
from features.staging import parse_file

SAMPLES = Path(__file__).parent / "samples"
HEADER = "Urssaf_gestion;Dep;num_cpte;Siren;Siret;Dt_immat;Etat_cpte;Cd_pro_col;Periode;Num_Ecn;Num_Hist_Ecn;Dt_trt_ecn;Mt_PO;Mt_PP;Cd_op_ecn;Motif_ecn;Recours_en_cours"
LINE = "1;35;9;005520135;00552013500012;20150708;5;0;201712;659;1;1160318;195907;864497;3;74;0"


class House:
    """A data folder and a RAW folder, with what ingest needs."""

    def __init__(self, folder: Path):
        self.raw, self.data = folder / "raw", folder / "data"
        for name in ("sireneUL.csv", "sigfaible_pcoll.csv", "sigfaible_debits.csv"):
            shutil.copy(SAMPLES / name, self.batch("2401"))

    def batch(self, name: str) -> Path:
        (self.raw / name).mkdir(parents=True, exist_ok=True)
        return self.raw / name

    def debts(self, text: str | bytes, batch: str = "2401", name: str = "sigfaible_debits.csv") -> None:
        (self.batch(batch) / name).write_bytes(text.encode() if isinstance(text, str) else text)

    def ingest(self, limit: float = 0.05, **lags: int):
        self.con = engine.streaming(self.data / "scratch", 1)
        folders = {"staged": self.data / "staged", "rejects": self.data / "rejects", "scratch": self.data / "scratch"}
        reading = Reading(limit, 25, lags)
        self.told = ingest([self.con], self.raw, SOURCES, reading, **folders, progress=lambda _: None)
        return self.told.files

    def staged(self, name: str) -> list[dict]:
        source = next(source for source in SOURCES if source.name == name)
        records = read_staged(self.con, self.data / "staged", source)
        return [] if records is None else records.to_pyarrow().to_pylist()

    def rejects(self, name: str, batch: str = "2401") -> list[dict]:
        return self.con.read_parquet(self.data / "rejects" / batch / f"{name}.parquet").to_pyarrow().to_pylist()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def told(report):
    return report.lines, report.kept, report.rejected, report.unread_cells


def test_the_partners_samples_parse_to_what_their_text_says(house):
    shutil.copytree(SAMPLES, house.raw / "2401", dirs_exist_ok=True)
    reports = {report.source: told(report) for report in house.ingest()}
    assert reports == {
        "legal_units": (4, 4, 0, 1),
        "firm_headcounts": (1, 5, 0, 0),
        "contributions": (3, 3, 0, 0),
        "debts": (3, 3, 0, 1),
        "urssaf_procedures": (3, 3, 0, 0),
        "short_time_used": (3, 3, 0, 0),
    }
    debt = house.staged("debts")[0]
    assert (debt["siret"], debt["due_for"], debt["treated_on"]) == (
        "00000000000000",
        date(2017, 2, 1),
        date(1999, 5, 5),
    )
    assert (debt["employee_due"], debt["employer_due"], debt["known_at"]) == (1959.07, 8644.97, date(1999, 5, 25))
    headcount = {row["month"]: row["headcount"] for row in house.staged("firm_headcounts")}
    assert headcount[date(2010, 1, 1)] == 629
    assert headcount[date(2010, 4, 1)] == 0
    assert [row["hours"] for row in house.staged("short_time_used")] == [311.54, 44.11, 780.0]
    assert [row["month"] for row in house.staged("short_time_used")][2] == date(2020, 12, 1)
    due = {row["started_on"]: (row["due"], row["paid"]) for row in house.staged("contributions")}
    assert due[date(2010, 7, 1)] == (-21099, -68231)
    units = {row["siren"]: row for row in house.staged("legal_units")}
    assert units["789211558"]["ceased_on"] == date(1999, 1, 31)
    assert units["238307776"]["naf"] is None, "NAF of an older nomenclature"
    assert units["138426539"]["name"] == "cuhgjdp jjqcmkg"
    assert next(row["effective_on"] for row in house.staged("urssaf_procedures")) == date(2014, 5, 26)


def test_a_cell_that_can_not_be_read_is_kept_with_its_line_and_value(house):
    house.ingest()
    (cell,) = house.rejects("debts")
    assert (cell["file"], cell["line"], cell["column"], cell["value"]) == (
        "sigfaible_debits.csv",
        4,
        "Periode",
        "199904",
    )
    assert cell["reason"].startswith("not an URSSAF period")
    assert not cell["line_rejected"]


@pytest.mark.parametrize(
    ("bad", "column", "value"),
    [
        (LINE.replace("00552013500012", "ABC"), "Siret", "ABC"),
        (LINE.replace("1160318", "1161345"), "Dt_trt_ecn", "1161345"),
        (LINE.replace("195907", "twelve"), "Mt_PO", "twelve"),
        (LINE.replace("195907", ""), "Mt_PO", None),
        ("1;35;9;005520135", None, "1;35;9;005520135"),
        (LINE.replace(";74;", ';"74;'), None, LINE.replace(";74;", ';"74;')),
    ],
)
def test_a_bad_line_is_rejected_with_where_and_why_and_the_rest_is_read(house, bad, column, value):
    house.debts("\n".join([HEADER, *[LINE] * 20, bad, LINE, ""]))
    (report,) = [r for r in house.ingest() if r.source == "debts"]
    assert told(report) == (22, 21, 1, 0)
    (reject,) = house.rejects("debts")
    assert (reject["line"], reject["column"], reject["value"], reject["line_rejected"]) == (22, column, value, True)
    assert reject["reason"]


def test_more_bad_lines_than_tolerated_fail_the_source_and_the_last_good_state_stays(house):
    house.ingest()
    house.debts("\n".join([HEADER, LINE, LINE.replace("1160318", "x")]))
    with pytest.raises(InputError, match=r"debts: 1 of 2 lines of sigfaible_debits.csv are rejected"):
        house.ingest()
    assert len(house.staged("debts")) == 3
    assert house.rejects("debts")[0]["value"] == "x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "sigfaible_debits.csv is empty"),
        ((HEADER + "\n").encode(), "sigfaible_debits.csv is empty"),
        (HEADER.replace("Dt_trt_ecn", "Date").encode() + b"\n" + LINE.encode(), 'no column "Dt_trt_ecn"'),
        (b"PK\x03\x04\0\0\0\n\0\0", "not a text file"),
    ],
)
def test_a_file_that_is_none_of_the_sources_is_refused_in_a_sentence(house, content, message):
    house.debts(content)
    with pytest.raises(InputError, match=message):
        house.ingest()
    assert house.staged("debts") == []


def test_a_truncated_archive_is_refused(house):
    whole = gzip.compress("\n".join([HEADER, *[LINE] * 5000]).encode())
    (house.batch("2401") / "sigfaible_debits.csv").unlink()
    house.debts(whole[: len(whole) // 2], name="sigfaible_debits.csv.gz")
    with pytest.raises(InputError, match=r"sigfaible_debits.csv.gz can't be read"):
        house.ingest()


def test_files_come_gzipped_in_windows_1252_with_crlf_a_bom_other_orders_and_other_cases(house):
    plain = house_debts(house)
    columns = HEADER.split(";")
    order = [*range(len(columns) - 1, -1, -1)]
    turned = "\r\n".join(";".join(line.split(";")[n] for n in order) for line in (HEADER.upper(), LINE)) + "\r\n"
    house.debts(b"\xef\xbb\xbf" + turned.encode())
    assert house_debts(house) == plain
    house.debts(gzip.compress(turned.replace(";74;", ";arrêté;").encode("cp1252")), name="sigfaible_debits.csv.gz")
    (house.batch("2401") / "sigfaible_debits.csv").unlink()
    assert house_debts(house) == plain
    house.debts(turned.replace(";", ",").lower())
    (house.batch("2401") / "sigfaible_debits.csv.gz").unlink()
    assert house_debts(house) == plain


def house_debts(house: House) -> list[dict]:
    if not (house.data / "staged" / "debts").exists():
        house.debts("\n".join([HEADER, LINE]))
    house.ingest()
    return house.staged("debts")


def test_quoted_fields_may_hold_the_delimiter_and_doubled_quotes(house):
    header = "siren;nom;eff202411\n"
    (house.batch("2401") / "sigfaible_effectif_siren.csv").write_text(header + '"005520135";"A ""B"" ; C";"1 200"\n')
    house.ingest()
    assert [row["headcount"] for row in house.staged("firm_headcounts")] == [1200]


def test_a_bad_month_of_a_wide_file_is_rejected_with_its_column_and_the_others_stay(house):
    text = "siren;eff202411;eff202412\n" + "005520135;10;x\n" + "552100554;;7\n" * 30
    (house.batch("2401") / "sigfaible_effectif_siren.csv").write_text(text)
    house.ingest()
    (reject,) = house.rejects("firm_headcounts")
    assert (reject["line"], reject["column"], reject["value"]) == (2, "eff202412", "x")
    assert len(house.staged("firm_headcounts")) == 31


def test_ingesting_the_same_batch_twice_changes_nothing(house):
    house.ingest()
    before = {source.name: house.staged(source.name) for source in SOURCES}
    house.ingest()
    assert {source.name: house.staged(source.name) for source in SOURCES} == before


def test_the_newest_stock_replaces_older_ones_whatever_the_order_of_arrival(house):
    house.debts("\n".join([HEADER, LINE]), batch="2402")
    house.ingest()
    assert len(house.staged("debts")) == 1
    shutil.rmtree(house.raw / "2402")
    house.ingest()
    assert len(house.staged("debts")) == 1, "an older delivery does not replace a newer one"


PAYDEX = "siren,état_organisation,code_paydex,paydex,n_fournisseurs,encours_étudiés,fpi_30,fpi_90,date\n"


def test_batches_of_a_flow_add_up_and_what_comes_late_counts_from_its_delivery(house):
    (house.batch("2401") / "altares_paydex.csv").write_text(PAYDEX + "552100554,,1,5,3,100,10,0,2023-11-30\n")
    (house.batch("2402") / "altares_paydex.csv").write_text(
        PAYDEX + "552100554,,1,5,3,100,10,0,2023-11-30\n" + "552100554,,1,9,3,100,10,0,2023-10-31\n"
    )
    house.ingest()
    known = {row["measured_on"]: row["known_at"] for row in house.staged("payment_delays")}
    assert known == {date(2023, 11, 30): date(2023, 12, 30), date(2023, 10, 31): due_on("2402", 25)}


def test_lags_are_settings(house):
    house.ingest(debts=6)
    assert min(row["known_at"] for row in house.staged("debts")) == date(1999, 11, 5)


def test_a_folder_that_is_no_batch_is_refused_by_name(house):
    house.batch("january")
    with pytest.raises(InputError, match=r'"january" in .* is not a batch name'):
        find_batches(house.raw)


def test_simulated_and_real_batches_never_mix(house):
    house.ingest()
    house.batch("2402_simulated")
    house.debts("\n".join([HEADER, LINE]), batch="2402_simulated")
    with pytest.raises(InputError, match="simulated"):
        house.ingest()


@pytest.mark.parametrize("file", ["sireneUL.csv", "sigfaible_pcoll.csv"])
def test_the_register_and_a_source_of_procedures_are_required(house, file):
    (house.raw / "2401" / file).unlink()
    with pytest.raises(InputError, match=r"was found"):
        house.ingest()


REGISTER = "siren,denominationUniteLegale,categorieJuridiqueUniteLegale,etatAdministratifUniteLegale,statutDiffusionUniteLegale\n"


def register(house: House, *lines: str) -> None:
    (house.batch("2401") / "sireneUL.csv").write_bytes((REGISTER + "\n".join(lines)).encode())


def report_of(house: House, source: str):
    return next(report for report in house.told.files if report.source == source)


def test_what_is_not_read_is_named_with_the_nearest_name_and_what_is_old_with_its_age(house):
    for name in ("sireneUL.csv", "sigfaible_pcoll.csv"):
        shutil.copy(SAMPLES / name, house.batch("2403"))
    house.debts("\n".join([HEADER, LINE]), batch="2403", name="sigfaibles_debits.csv")
    house.debts("x\n1\n", batch="2403", name="demande_ap_2402.csv")
    house.ingest()
    unread = {(file.batch, file.file): (file.nearest, file.holds) for file in house.told.unread}
    assert unread == {
        ("2403", "demande_ap_2402.csv"): ("demande_ap.csv", ""),
        ("2403", "sigfaibles_debits.csv"): ("sigfaible_debits.csv", "contribution debts"),
    }
    assert house.told.stale == {"debts": 2}


def test_debts_under_the_contributions_name_are_refused_by_name_before_anything_is_read(house):
    house.debts("\n".join([HEADER, LINE]), name="sigfaible_cotisdues.csv")
    with pytest.raises(InputError, match=r"sigfaible_cotisdues\.csv holds contribution debts"):
        house.ingest()
    assert not (house.data / "staged").exists()


def test_one_file_both_plain_and_gzipped_is_refused_by_name(house):
    house.debts(gzip.compress("\n".join([HEADER, LINE]).encode()), name="sigfaible_debits.csv.gz")
    with pytest.raises(InputError, match=r"sigfaible_debits\.csv, sigfaible_debits\.csv\.gz: which of them"):
        house.ingest()


def test_optional_columns_that_are_absent_or_never_filled_are_named(house):
    header = HEADER.replace("Cd_op_ecn", "Other")
    house.debts("\n".join([header, LINE.replace(";005520135;", ";;")]))
    house.ingest()
    told = report_of(house, "debts")
    assert (told.absent, told.empty) == (("Cd_op_ecn",), ("Siren",))


def test_one_byte_that_is_not_utf8_costs_nothing_else_and_is_counted(house):
    text = REGISTER.encode() + "100000001,Été,5710,A,O\n".encode() + b"100000002,CAF\xe9,5710,A,O\n"
    (house.batch("2401") / "sireneUL.csv").write_bytes(text)
    house.ingest()
    assert [row["name"] for row in house.staged("legal_units")] == ["Été", "CAFé"]
    assert report_of(house, "legal_units").redecoded == 1


def test_bytes_that_are_no_letters_leave_a_cell_unknown_or_reject_its_line_by_column(house):
    header, line = HEADER.encode() + b"\n", LINE.encode() + b"\n"
    house.debts(header + line * 30 + line.replace(b"1160318", b"11603\x81") + line.replace(b";3;74;", b";\x81;74;"))
    house.ingest()
    found = [(r["line"], r["column"], r["line_rejected"]) for r in house.rejects("debts")]
    assert found == [(32, "Dt_trt_ecn", True), (33, "Cd_op_ecn", False)]
    assert "no letters" in house.rejects("debts")[0]["reason"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\r\n".join([REGISTER.strip(), "100000001,A,5710,A,O", '100000002,"FIRME\n12",5710,A,O', ""]), "FIRME\n12"),
        (REGISTER + "100000001,A,5710,A,O\n100000002,FIR\rME,5710,A,O\n", "FIR ME"),
        ("\n\n" + REGISTER + "100000001,A,5710,A,O\n100000002,B,5710,A,O\n", "B"),
    ],
)
def test_odd_line_ends_and_blank_lines_before_the_header_lose_no_line(house, text, name):
    (house.batch("2401") / "sireneUL.csv").write_bytes(text.encode())
    house.ingest()
    assert [row["name"] for row in house.staged("legal_units")] == ["A", name]


def test_a_masked_name_is_no_name_and_its_firm_objects_to_publication(house):
    register(house, "100000001,[ND],5710,A,O", "100000002,B,5710,A,O")
    house.ingest()
    assert [(row["name"], row["diffusion"]) for row in house.staged("legal_units")] == [(None, "P"), ("B", "O")]


def test_headcounts_of_two_accounts_and_of_a_provisional_siret_stay_with_their_firm(house):
    lines = (
        "compte;siret;rais_soc;ape_ins;dep;eff202331;eff202332",
        *("111;10000000100011;A;2562B;35;6;6", "222;10000000100011;A;2562B;35;6;7"),
        *("444;10000000300011;C;2562B;35;6;6", "444;10000000300011;C;2562B;35;6;6"),
        "555;100000004P0001;D;2562B;35;9;9",
    )
    (house.batch("2401") / "sigfaible_effectif_siret.csv").write_text("\n".join(lines))
    house.ingest()
    staged = house.con.create_table("sites", ibis.memtable(pd.DataFrame(house.staged("establishment_headcounts"))))
    none = staged.select("siren", "month", "headcount", "known_at").limit(0)
    rows = perimeter.headcounts(none, staged).order_by("siren", "month").to_pyarrow().to_pylist()
    assert [(row["siren"], row["month"].month, row["headcount"]) for row in rows] == [
        *(("100000001", 7, 12), ("100000001", 8, 13)),
        *(("100000003", 7, 6), ("100000003", 8, 6)),
        *(("100000004", 7, 9), ("100000004", 8, 9)),
    ]


def test_records_that_an_older_version_staged_without_a_column_are_refused_by_name(house):
    house.ingest()
    for path in (house.data / "staged" / "debts").resolve().glob("*.parquet"):
        pd.read_parquet(path, dtype_backend="pyarrow").drop(columns="account").to_parquet(path)
    source = next(source for source in SOURCES if source.name == "debts")
    with pytest.raises(InputError, match=r"^debts: .* did not read account\. Read the deliveries again"):
        read_staged(house.con, house.data / "staged", source)


def test_undecided_notices_are_counted_with_their_firms_and_an_example(house):
    header = "id;dateparution;familleavis;registre;jugement"
    judgement = '"{{""nature"": ""{}"", ""date"": ""2023-06-01"", ""complementJugement"": ""{}""}}"'
    new, open_ended = "Jugement de liquidation judiciaire accélérée", "Autre jugement et ordonnance"
    lines = [
        f"A1;2023-06-15;collective;005520135;{judgement.format(new, '')}",
        f"A2;2023-06-15;collective;005520135,000000000;{judgement.format(open_ended, 'Arrête le plan')}",
        f"A3;2023-07-15;collective;005520135;{judgement.format(open_ended, 'Prononce la liquidation judiciaire')}",
    ]
    (house.batch("2401") / "annonces-commerciales.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    (report,) = [report for report in house.ingest() if report.source == "bodacc"]
    assert report.undecided == (
        Undecided("autre jugement et ordonnance", records=1, firms=2, example="arrete le plan"),
        Undecided("jugement de liquidation judiciaire acceleree", records=1, firms=1, example=""),
    )
    assert report.unlisted == {}
    (kept,) = read_reports(house.data / "staged", "bodacc")
    assert kept.undecided == report.undecided
    # Only the notice that could be read with certainty decides.
    assert [row["action"] for row in house.staged("bodacc") if row["stage"] != "ignored"] == ["liquidation"]


UNIT_HISTORY = "StockUniteLegaleHistorique_utf8.csv"
UNIT_HISTORY_HEADER = (
    "siren,dateFin,dateDebut,etatAdministratifUniteLegale,categorieJuridiqueUniteLegale,activitePrincipaleUniteLegale,"
    "nomenclatureActivitePrincipaleUniteLegale,nicSiegeUniteLegale"
)
ESTABLISHMENTS_HEADER = (
    "siret,etablissementSiege,etatAdministratifEtablissement,complementAdresseEtablissement,numeroVoieEtablissement,"
    "indiceRepetitionEtablissement,typeVoieEtablissement,libelleVoieEtablissement,codePostalEtablissement,"
    "libelleCommuneEtablissement,codeCommuneEtablissement"
)


def test_the_history_of_a_legal_unit_is_known_a_month_after_each_state_begins(house):
    lines = (
        "100000001,2022-02-09,,A,5499,72.1Z,NAF1993,11",
        "100000001,,2022-02-10,A,5710,62.01Z,NAFRev2,00022",
    )
    (house.batch("2401") / UNIT_HISTORY).write_text("\n".join([UNIT_HISTORY_HEADER, *lines]))
    (report,) = [report for report in house.ingest() if report.source == "legal_unit_history"]
    assert told(report) == (2, 2, 0, 0)
    names = ("started_on", "ended_on", "known_at", "state", "legal_category", "naf", "head_office_nic")
    rows = sorted(house.staged("legal_unit_history"), key=lambda row: row["known_at"])
    assert [tuple(row[name] for name in names) for row in rows] == [
        (None, date(2022, 2, 9), date(1900, 1, 1), "A", "5499", None, "00011"),
        (date(2022, 2, 10), None, date(2022, 3, 10), "A", "5710", "62.01Z", "00022"),
    ]


def test_dirty_dates_and_numbers_of_the_unit_history_are_told_and_leave_the_rest_of_the_line(house):
    lines = ("100000001,2022-13-45,soon,A,5499,62.01Z,NAFRev2,no number", "bad,,2022-02-10,A,5710,62.01Z,NAFRev2,00022")
    (house.batch("2401") / UNIT_HISTORY).write_text("\n".join([UNIT_HISTORY_HEADER, *lines]))
    (report,) = [report for report in house.ingest(limit=0.6) if report.source == "legal_unit_history"]
    assert told(report) == (2, 1, 1, 3)
    (row,) = house.staged("legal_unit_history")
    assert (row["started_on"], row["ended_on"], row["head_office_nic"]) == (None, None, None)
    assert row["legal_category"] == "5499"


def test_an_address_is_read_part_by_part_and_a_masked_one_is_none(house):
    lines = (
        "10000000100011,true,A,BATIMENT A,3,B,RUE,HOCHE,29200,BREST,29019",
        "10000000100022,false,A,,,,LD,KERVAO,29200,BREST,29019",
        "10000000100033,false,A,[ND],[ND],[ND],[ND],[ND],29200,BREST,29019",
        "10000000100044,false,A,,,,,,,,",
    )
    (house.batch("2401") / "StockEtablissement_utf8.csv").write_text("\n".join([ESTABLISHMENTS_HEADER, *lines]))
    house.ingest()
    rows = sorted(house.staged("establishments"), key=lambda row: row["siret"])
    assert [(row["address"], row["postcode"], row["commune_name"], row["is_masked"]) for row in rows] == [
        ("3 B RUE HOCHE, BATIMENT A", "29200", "BREST", False),
        ("LD KERVAO", "29200", "BREST", False),
        (None, "29200", "BREST", True),
        (None, None, None, False),
    ]
    assert [row["departement"] for row in rows] == ["29", "29", "29", None]
    assert rows[0]["street_number"] == "3"
    assert rows[0]["repetition_index"] == "B"


def test_sources_that_were_never_delivered_are_named(house):
    house.ingest()
    assert "legal_unit_history" in house.told.missing
    assert "legal_units" not in house.told.missing


def test_the_stock_of_legal_units_under_the_name_of_their_history_is_refused_by_name(house):
    shutil.copy(SAMPLES / "sireneUL.csv", house.batch("2401") / UNIT_HISTORY)
    with pytest.raises(InputError, match=r"legal_unit_history: .* holds legal units"):
        house.ingest()


def test_a_file_that_is_replaced_while_it_is_read_is_refused_and_the_last_good_state_stays(house):
    house.ingest()
    before = house.staged("debts")
    debts = house.raw / "2401" / "sigfaible_debits.csv"
    debts.write_bytes(debts.read_bytes() + debts.read_bytes().splitlines(keepends=True)[-1])

    def replaced_meanwhile(step):
        if step.endswith("sigfaible_debits.csv"):
            other = house.data / "other"
            other.write_bytes(debts.read_bytes())
            other.replace(debts)

    reading, folders = Reading(0.05, 25, {}), {n: house.data / n for n in ("staged", "rejects", "scratch")}
    with pytest.raises(InputError, match="changed while it was read"):
        ingest([house.con], house.raw, SOURCES, reading, **folders, progress=replaced_meanwhile)
    assert house.staged("debts") == before


def told_of(house):
    """The files that a reading went through, by source."""
    steps = []
    folders = {"staged": house.data / "staged", "rejects": house.data / "rejects", "scratch": house.data / "scratch"}
    received = ingest([house.con], house.raw, SOURCES, Reading(0.05, 25, {}), **folders, progress=steps.append)
    return received, [step.split(": ")[1] for step in steps]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.resolve().iterdir()}


def test_a_file_of_the_same_bytes_is_not_read_again(house):
    house.debts(f"{HEADER}\n{LINE}\n", batch="2402")
    first = house.ingest()
    before = {name: contents(house.data / "staged" / name) for name in ("legal_units", "debts", "urssaf_procedures")}
    received, steps = told_of(house)
    assert sorted(steps) == ["2401, read before", "2401, read before", "2402, read before"]
    assert received.files == first
    assert {name: contents(house.data / "staged" / name) for name in before} == before


def test_what_was_corrected_is_read_again_and_what_it_lies_beside_is_not(house):
    house.debts(f"{HEADER}\n{LINE}\n", batch="2402")
    house.ingest()
    house.debts(f"{HEADER}\n{LINE.replace('864497', '100')}\n", batch="2402")
    _, steps = told_of(house)
    assert [step for step in steps if "2402" in step or "debits" in step] == ["2402/sigfaible_debits.csv"]
    assert 1.0 in {row["employer_due"] for row in house.staged("debts")}


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9])])
def test_what_is_damaged_or_missing_is_read_again(house, damage):
    house.ingest()
    before = house.staged("debts")
    damage(next((house.data / "staged" / "debts").resolve().glob("*.parquet")))
    _, steps = told_of(house)
    assert "2401/sigfaible_debits.csv" in steps
    assert house.staged("debts") == before
    (house.data / "rejects" / "2401" / "debts.parquet").unlink()
    assert "2401/sigfaible_debits.csv" in told_of(house)[1]


def test_a_file_is_read_again_where_what_is_known_of_it_is_another(house):
    house.ingest()
    house.ingest(contributions=2, urssaf_procedures=1)
    (known,) = {
        row["known_at"] for row in house.staged("urssaf_procedures") if row["effective_on"] == date(2014, 5, 26)
    }
    assert known == date(2014, 6, 26)


def test_too_many_bad_lines_are_refused_of_a_file_that_is_not_read_again_too(house):
    house.ingest(limit=1.0)
    house.debts(f"{HEADER}\n{LINE}\n{LINE.replace('005520135', 'x')}\n")
    house.ingest(limit=1.0)
    with pytest.raises(InputError, match=r"lines of sigfaible_debits\.csv are rejected"):
        house.ingest(limit=0.1)


def test_a_wide_file_of_many_lines_is_read_in_little_memory_however_many_cores_there_are(house, monkeypatch):
    months = [f"eff{year}{quarter}{n}" for year in range(2014, 2024) for quarter in (1, 2, 3, 4) for n in (1, 2, 3)]
    lines = (f"{n};{10**13 + n:014};;;;" + ";".join(["51"] * len(months)) for n in range(20_000))
    text = "\n".join(["compte;siret;rais_soc;ape_ins;dep;" + ";".join(months), *lines])
    (house.batch("2401") / "sigfaible_effectif_siret.csv").write_text(text)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    source = next(source for source in SOURCES if source.name == "establishment_headcounts")
    con = engine.streaming(house.data / "scratch", 1)
    con.raw_sql("SET memory_limit = '40MB'")
    file = open_text(con, house.raw / "2401" / "sigfaible_effectif_siret.csv", house.data / "scratch")
    parsed, _ = parse_file(con, file, source, house.data / "scratch")
    assert parsed.count().execute() == 20_000 * len(months)
