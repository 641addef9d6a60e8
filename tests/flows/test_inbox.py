"""Partners drop files: each is filed once, as a new version where it corrects one, or refused with its reason."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from datetime import date, datetime

import pytest

from features import store
from features.errors import InputError
from features.intake import Intake
from features.manifests import ZONE, read_manifest
from flows import due
from flows.inbox import Inbox, shown, time_of
from flows.settings import load
from tests.commands import started, weaksignals
from tests.deliveries import DEBT, DEBTS, HEADCOUNTS, NOTICES, sound, write
from tests.flows.test_failures import with_a_disk_of

ESTABLISHMENTS = "compte;siret;rais_soc;ape_ins;dep;eff202331"


class Partners:
    """A data folder, and the inbox into which partners drop files."""

    def __init__(self, root):
        self.root, self.drop, self.raw = root, root / "drop", root / "raw"
        self.language = "en"
        self.drop.mkdir()

    def settings(self, **inbox):
        return load(data=self.root / "data", raw=self.raw, inbox=Intake(**{"quiet_seconds": 0, **inbox}))

    def month(self):
        """Drop a sound delivery, each file with a line more than that of `sound`."""
        for path in sound(self.root / "made").iterdir():
            lines = path.read_text().splitlines()
            write(self.drop, path.name, *lines, lines[-1])

    def debts(self, count, name="sigfaible_debits.csv", day="1160318"):
        write(self.drop, name, DEBTS, *(DEBT.format(n).replace("1160318", day) for n in range(count)))

    def take(self, day, accepted=(), **inbox):
        """By name: what became of it, and the batch or the sentence."""
        settings = self.settings(**inbox).model_copy(update={"language": self.language})
        at = datetime.combine(day, datetime.min.time(), ZONE).replace(hour=12)
        with store.locked(settings.data):
            found = Inbox(settings, self.drop, self.raw, at, accepted).take_in()
        return {one.name: (one.outcome, one.batch or one.sentence) for one in found}

    def one(self, day, **options):
        """What became of the only file."""
        ((_, found),) = self.take(day, **options).items()
        return found

    def filed(self):
        return sorted(str(path.relative_to(self.raw)) for path in self.raw.glob("*/[!m]*"))

    def quarantined(self):
        """By name in quarantine, the reason beside it."""
        folder = self.root / "data" / "quarantine"
        return {path.name[17:]: reason_of(path) for path in folder.iterdir() if not path.name.endswith(".reason.txt")}


def reason_of(path):
    return path.with_name(f"{path.name}.reason.txt").read_text()


@pytest.fixture
def partners(tmp_path):
    return Partners(tmp_path)


def test_a_delivery_is_filed_under_its_month_with_a_manifest_and_leaves_the_inbox(partners):
    partners.month()
    content = (partners.drop / "sigfaible_debits.csv").read_bytes()
    found = partners.take(date(2024, 1, 26))
    assert set(found.values()) == {("filed", "2401")}
    assert list(partners.drop.iterdir()) == []
    told = read_manifest(partners.raw / "2401").of("sigfaible_debits.csv")
    assert (told.source, told.size, told.sha256) == ("debts", len(content), hashlib.sha256(content).hexdigest())
    assert (told.lines, told.kept, told.rejected, told.first, told.last) == (
        21,
        21,
        0,
        date(2016, 3, 18),
        date(2016, 3, 18),
    )
    assert told.received_on == date(2024, 1, 26)
    assert (partners.raw / "2401" / told.file).read_bytes() == content


@pytest.mark.parametrize(
    ("day", "batch"),
    [
        (date(2024, 1, 20), "2401"),
        (date(2024, 1, 19), "2312"),
        (date(2024, 2, 19), "2401"),
        (date(2024, 2, 20), "2402"),
        (date(2024, 1, 1), "2312"),
    ],
)
def test_a_file_is_of_the_delivery_that_is_open_on_the_day_it_comes(partners, day, batch):
    partners.debts(20)
    assert partners.one(day) == ("filed", batch)


def test_a_correction_is_a_new_version_that_is_read_last_and_the_first_one_stays(partners):
    for count in (20, 21, 22):
        partners.debts(count)
        assert partners.one(date(2024, 1, 25 + count - 20))[0] == "filed"
    assert partners.filed() == [f"{batch}/sigfaible_debits.csv" for batch in ("2401", "2401_v02", "2401_v03")]
    assert (partners.raw / "2401_v03" / "sigfaible_debits.csv").read_text().count("\n") == 23


def test_a_correction_wins_over_whatever_people_called_the_batch(partners):
    sound(partners.raw, "2401_urssaf")
    partners.debts(21)
    assert partners.one(date(2024, 1, 30)) == ("filed", "2401_urssaf_v02")


def test_what_a_correction_does_not_hold_goes_into_the_newest_version(partners):
    for count in (20, 21):
        partners.debts(count)
        partners.take(date(2024, 1, 26))
    write(partners.drop, "sigfaible_effectif_siren.csv", HEADCOUNTS, "005520135;12;13;A")
    assert partners.one(date(2024, 1, 27)) == ("filed", "2401_v02")


def test_a_corrected_part_of_a_stock_takes_the_other_parts_with_it(partners):
    for name, count in {"effectif_nord.csv": 12, "effectif_sud.csv": 13}.items():
        write(partners.drop, name, ESTABLISHMENTS, f"1;00552013500012;A;6201Z;75;{count}")
    assert set(partners.take(date(2024, 1, 26)).values()) == {("filed", "2401")}
    write(partners.drop, "effectif_sud.csv", ESTABLISHMENTS, "1;00552013500012;A;6201Z;75;14")
    assert partners.one(date(2024, 1, 27)) == ("filed", "2401_v02")
    assert partners.filed()[2:] == ["2401_v02/effectif_nord.csv", "2401_v02/effectif_sud.csv"]
    assert [one.file for one in read_manifest(partners.raw / "2401_v02").files] == [
        "effectif_nord.csv",
        "effectif_sud.csv",
    ]


def test_a_further_part_of_notices_joins_its_batch(partners):
    for year in ("2022", "2023"):
        write(partners.drop, f"annonces-commerciales-{year}.csv", NOTICES, f"A{year};{year}-06-15;dpc;005520135;")
        assert partners.one(date(2024, 1, 26)) == ("filed", "2401")
    assert len(partners.filed()) == 2


def test_the_same_bytes_are_kept_once_whatever_the_month_and_the_name(partners):
    partners.debts(20)
    partners.take(date(2024, 1, 26))
    partners.debts(20, "SIGFAIBLE_DEBITS.CSV")
    assert partners.one(date(2024, 2, 26)) == (
        "received before",
        "The same bytes are in 2401/sigfaible_debits.csv: they are kept once.",
    )
    assert partners.filed() == ["2401/sigfaible_debits.csv"]
    assert list(partners.drop.iterdir()) == []


@pytest.mark.parametrize(
    ("count", "day", "word"),
    [
        (10, "1160318", "It holds 10 records, and the delivery before it (2401) 20: fewer than 0.7 times as many."),
        (40, "1160318", "It holds 40 records, and the delivery before it (2401) 20: more than 1.5 times as many."),
        (
            20,
            "1150318",
            "It goes up to 2015-03-18, and the delivery before it (2401) up to 2016-03-18: it is an older file.",
        ),
        (20, "1340318", "100% of its records are dated after 2024-05-28: its dates can't be right."),
    ],
)
def test_a_file_with_unusual_figures_is_refused_until_somebody_accepts_it(partners, count, day, word):
    partners.debts(20)
    partners.take(date(2024, 1, 26))
    partners.debts(count, day=day)
    outcome, sentence = partners.one(date(2024, 2, 26))
    assert (outcome, sentence.startswith(word)) == ("quarantined", True), sentence
    assert word in partners.quarantined()["sigfaible_debits.csv"]
    assert "--accept sigfaible_debits.csv" in sentence
    partners.debts(count, day=day)
    assert partners.one(date(2024, 2, 26), accepted=("sigfaible_debits.csv",)) == ("filed", "2402")


def test_a_file_whose_newest_record_was_withdrawn_is_no_older_file(partners):
    partners.debts(20, day="1240120")
    partners.take(date(2024, 1, 26))
    partners.debts(20, day="1240110")
    assert partners.one(date(2024, 2, 26)) == ("filed", "2402")
    partners.debts(20, day="1231220")
    assert partners.one(date(2024, 3, 26))[0] == "quarantined"


def test_a_file_is_compared_with_what_was_staged_where_people_filled_the_batches(partners):
    sound(partners.raw, "2401")
    assert weaksignals("ingest", partners.raw, "--data", partners.root / "data").returncode == 0
    partners.debts(10)
    outcome, sentence = partners.one(date(2024, 2, 26))
    assert (outcome, "the delivery before it (2401) 20" in sentence) == ("quarantined", True)


def test_too_many_rejected_lines_are_refused_with_their_reason(partners):
    partners.debts(20, day="1169918")
    outcome, sentence = partners.one(date(2024, 1, 26))
    assert outcome == "quarantined"
    assert "20 of its 20 lines are rejected, more than 5% (max_rejected_share), for: Dt_trt_ecn." in sentence


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("dettes.csv", DEBTS + "\n" + DEBT.format(1) + "\n", "rename it sigfaible_debits.csv"),
        ("notes.txt", "a\nb\n", "no source has a file of this name"),
        ("sigfaible_cotisdues.csv", DEBTS + "\n" + DEBT.format(1) + "\n", "holds contribution debts"),
        ("sigfaible_debits.csv", "Siren;Siret\n1;2\n", 'has no column "'),
        ("sigfaible_debits.csv", "", "is empty"),
        ("sigfaible_debits.csv", "PK\x03\x04 a workbook", "is not a text file"),
        ("sigfaible_debits.csv.gz", gzip.compress(b"a;b\n" * 9999, mtime=0)[:-9], "can't be read"),
        ("x\\..\\debits.csv", DEBTS, "Rename it as x_.._debits.csv"),
        ("sigfaible\u202e_debits.csv", DEBTS, "Rename it as sigfaible_debits.csv"),
        ("annonces-commerciales[1].csv", NOTICES, "Rename it as annonces-commerciales_1_.csv"),
        ("annonces-commerciales\n.csv", NOTICES, "Rename it as annonces-commerciales_.csv"),
        ("annonces-commerciales\udce9.csv", NOTICES, "Rename it as annonces-commerciales_.csv"),
        ("annonces-commerciales" + "x" * 200 + ".csv", NOTICES, "or is too long"),
        ("annonces-commerciales';DROP.csv", NOTICES, "Rename it as"),
    ],
)
def test_a_file_that_can_not_be_right_goes_to_quarantine_with_one_sentence(partners, name, content, word):
    (partners.drop / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    outcome, sentence = partners.one(date(2024, 1, 26))
    assert (outcome, word in sentence) == ("quarantined", True), sentence
    assert "\n" not in sentence
    ((_, reason),) = partners.quarantined().items()
    assert word in reason
    assert list(partners.drop.iterdir()) == []
    assert partners.filed() == []


def test_the_reason_beside_a_file_is_in_the_operators_language(partners):
    partners.language = "fr"
    partners.debts(20)
    partners.take(date(2024, 1, 26))
    partners.debts(10)
    partners.debts(3, "dettes.csv")
    partners.debts(3, "sigfaible_cotisdues.csv")
    partners.debts(3, "x\u202e.csv")
    partners.take(date(2024, 2, 26))
    told = partners.quarantined()
    assert (
        "contre 20 dans la livraison précédente (2401) : moins de 0.7 fois autant. S'il est juste"
        in told["sigfaible_debits.csv"]
    )
    assert "il contient : débits de cotisations. Le renommer en sigfaible_debits.csv" in told["dettes.csv"]
    assert "contient : débits de cotisations" in told["sigfaible_cotisdues.csv"]
    assert "Le renommer en x_.csv" in told["x_.csv"]


def test_links_folders_and_pipes_stay_where_they_are(partners):
    (partners.drop / "sigfaible_debits.csv").symlink_to("/etc/passwd")
    (partners.drop / "2401").mkdir()
    os.mkfifo(partners.drop / "sigfaible_pcoll.csv")
    assert {name: outcome for name, (outcome, _) in partners.take(date(2024, 1, 26)).items()} == {
        "2401": "left",
        "sigfaible_debits.csv": "left",
        "sigfaible_pcoll.csv": "left",
    }
    assert len(list(partners.drop.iterdir())) == 3


def test_a_file_that_may_still_be_arriving_waits(partners):
    partners.debts(20)
    partners.debts(20, "sigfaible_debits.csv.filepart")
    (partners.drop / ".hidden.csv").write_text("x")
    found = partners.take(date(2024, 1, 26), quiet_seconds=60)
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "sigfaible_debits.csv": "waiting",
        "sigfaible_debits.csv.filepart": "waiting",
    }
    assert partners.filed() == []


def test_what_does_not_print_is_spelt_out():
    assert shown("a\u202eb\x1b[31m\udce9é") == "a\\u202eb\\x1b[31m\\udce9é"


def test_a_damaged_manifest_is_no_fault_of_a_file(partners):
    partners.debts(20)
    partners.take(date(2024, 1, 26))
    (partners.raw / "2401" / "manifest.json").write_text("{")
    partners.debts(21)
    with pytest.raises(InputError, match=r"manifest\.json can't be read"):
        partners.take(date(2024, 1, 27))
    assert [path.name for path in partners.drop.iterdir()] == ["sigfaible_debits.csv"]


def test_real_files_are_not_filed_among_simulated_ones(partners):
    sound(partners.raw, "2401_simulated")
    partners.debts(20)
    with pytest.raises(InputError, match="can't be mixed"):
        partners.take(date(2024, 1, 26))


# Ends itself by SIGKILL at each operation on the file system in turn, then calls again: see the test below.
KILLED = """
import json, os, signal, sys
from datetime import datetime
from pathlib import Path
from features import store
from features.intake import Intake
from features.manifests import ZONE
from flows.inbox import Inbox
from flows.settings import load
from tests.flows.test_inbox import Partners
from datetime import date

root, told = Path(sys.argv[1]), []
WATCHED = ("os.link", "os.rename", "os.remove", "os.mkdir", "shutil.copyfile")

def forked(partners, kill_at):
    child = os.fork()
    if not child:
        seen = 0
        def watch(event, arguments):
            nonlocal seen
            if event in WATCHED and str(root) in str(arguments):
                seen += 1
                if seen == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(watch)
        partners.take(date(2024, 1, 26))
        os._exit(0)
    return os.waitpid(child, 0)[1]

for n in range(1, 200):
    (root / str(n)).mkdir()
    partners = Partners(root / str(n))
    partners.debts(20)
    partners.debts(3, "dettes.csv")
    partners.raw.mkdir()
    was_killed = forked(partners, n) == signal.SIGKILL
    assert forked(partners, 0) == 0
    if not was_killed:
        break
    told.append([partners.filed(), list(partners.quarantined()), os.listdir(partners.drop), os.listdir(partners.raw)])
print(json.dumps(told))
"""


def test_killed_at_any_moment_it_loses_nothing_and_goes_on(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told) > 15
    assert {json.dumps(one) for one in told} == {
        json.dumps([["2401/sigfaible_debits.csv"], ["dettes.csv"], [], ["2401"]])
    }


def test_a_full_disk_is_told_and_the_file_stays_where_it_was_dropped(partners):
    partners.debts(2000)
    before = (partners.drop / "sigfaible_debits.csv").read_bytes()
    given = (
        "inbox",
        partners.drop,
        "--raw",
        partners.raw,
        "--data",
        partners.root / "data",
        "--received",
        "2024-01-26",
    )
    waiting = {"WEAKSIGNALS_INBOX": '{"quiet_seconds": 0}'}
    for size in (2_000, 20_000, len(before) - 1):
        run = started(*given, variables=waiting, preexec_fn=with_a_disk_of(size))
        _, said = run.communicate(timeout=300)
        assert run.returncode == 1
        assert "Traceback" not in said
        assert "The disk is full" in said
        assert (partners.drop / "sigfaible_debits.csv").read_bytes() == before
        assert list(partners.raw.glob("[0-9]*")) == []
    run = started(*given, variables=waiting)
    assert "sigfaible_debits.csv: filed in 2401" in run.communicate(timeout=300)[0]


def test_a_run_is_due_once_where_all_that_came_before_is_there_or_its_day_has_come(partners):
    settings = partners.settings()

    def why(day):
        return due.why_due(settings, due.month_there(settings, partners.raw), day)

    sound(partners.raw, "2312")
    write(partners.raw / "2312", "sigfaible_effectif_siren.csv", HEADCOUNTS, "005520135;12;13;A")
    write(partners.raw / "2312", "filter.csv", "siren", "005520135")
    partners.month()
    partners.take(date(2024, 1, 26))
    month = due.month_there(settings, partners.raw)
    assert (month.period, month.lacking, len(month.there)) == (date(2024, 2, 1), ("firm_headcounts",), 3)
    assert month.told.stale == {"firm_headcounts": 1, "perimeter_filter": 1}
    assert why(date(2024, 1, 29)) == ""
    assert why(date(2024, 1, 30)) == "It is the 2024-01-30: it starts with what there is."
    write(partners.drop, "sigfaible_effectif_siren.csv", HEADCOUNTS, "005520135;12;14;A")
    partners.take(date(2024, 1, 29))
    assert why(date(2024, 1, 29)) == "All sources that it waits for are there."
    with pytest.raises(InputError, match="refused"), due.remembered(settings, due.month_there(settings, partners.raw)):
        raise InputError("refused")
    assert why(date(2024, 1, 31)) == "", "a run that was refused is not tried again with the same files"
    partners.debts(21)
    partners.take(date(2024, 1, 31))
    assert why(date(2024, 1, 31)) == "All sources that it waits for are there."
    (settings.folder.lists / "2024-02").mkdir(parents=True)
    (settings.folder.lists / "2024-02" / "target_list.parquet").touch()
    assert why(date(2024, 1, 31)) == "", "its list is published"


def test_a_first_delivery_waits_for_its_day_or_for_what_the_settings_require(partners):
    partners.month()
    partners.take(date(2024, 1, 26))
    for required, awaited in (((), ""), (("debts",), "All"), (("bodacc",), "")):
        settings = partners.settings(required=required)
        assert due.why_due(settings, due.month_there(settings, partners.raw), date(2024, 1, 27))[:3] == awaited
    with pytest.raises(InputError, match=r"no source is named debt\. Choose among: bodacc"):
        due.month_there(partners.settings(required=("debt",)), partners.raw)


@pytest.mark.parametrize("day", ["2024-13-01", "yesterday", "2999-01-01"])
def test_a_day_of_reception_is_a_day_that_has_come(day):
    with pytest.raises(InputError, match="day"):
        time_of(day)


def test_the_command_says_what_became_of_each_file_and_what_there_is_of_the_month(partners, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_INBOX", '{"quiet_seconds": 0}')
    sound(partners.raw, "2312")
    partners.debts(20)
    (partners.drop / "x\x1b[31m.csv").write_text("a\n1\n")
    arguments = ("inbox", partners.drop, "--raw", partners.raw, "--data", partners.root / "data")
    done = weaksignals(*arguments, "--received", "2024-01-26")
    assert done.returncode == 0, done.stderr
    assert "sigfaible_debits.csv: received before. The same bytes are in 2312/sigfaible_debits.csv" in done.stdout
    assert "x\\x1b[31m.csv: quarantined." in done.stdout
    again = weaksignals(*arguments)
    assert again.stdout.startswith("Nothing new lies there.\nDecember 2023: 3 sources are there; awaited: none.\n")
    refused = weaksignals("inbox", partners.root / "nowhere", "--data", partners.root / "data")
    assert (refused.returncode, "is not a folder" in refused.stderr) == (1, True)
