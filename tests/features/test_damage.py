"""A damaged file of the data folder is told by name, with the command that makes it anew."""

from datetime import date

import pandas as pd
import pytest

from features import damage
from features.errors import InputError
from features.folder import DataFolder

REBUILD = "weaksignals build --start 2024-02 --end 2024-02 --rebuild"
FILES = {
    "features/firms.parquet": (damage.BESIDE_THE_PERIODS["firms.parquet"], "weaksignals build"),
    "features/openings.parquet": (damage.BESIDE_THE_PERIODS["openings.parquet"], "weaksignals build"),
    "features/labels.parquet": (damage.BESIDE_THE_PERIODS["labels.parquet"], "weaksignals build"),
    "features/procedures.parquet": (damage.BESIDE_THE_PERIODS["procedures.parquet"], "weaksignals build"),
    "features/undecided.parquet": (damage.BESIDE_THE_PERIODS["undecided.parquet"], "weaksignals build"),
    "features/period=2024-02-01/part-0.parquet": (damage.OF_A_PERIOD, REBUILD),
    "rejects/2401/debts.parquet": (damage.REJECTED, "weaksignals ingest RAW"),
    "scores/period=2024-01-01/scores.parquet": (damage.SCORED["scores.parquet"], "weaksignals score --period 2024-01"),
    "scores/period=2024-01-01/contributions.parquet": (("siren", "base"), "weaksignals score --period 2024-01"),
    "lists/2024-01/target_list.parquet": (damage.LISTED, "weaksignals score --period 2024-01"),
}


def truncate(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def garble(path):
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * (len(content) // 2) + content[4 + len(content) // 2 :])


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


def replace_by_a_folder(path):
    path.unlink()
    path.mkdir()


def replace_by_another_table(path):
    pd.DataFrame({"other": ["x"]}).to_parquet(path)


@pytest.fixture
def folder(tmp_path):
    for name, (columns, _) in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(dict.fromkeys(columns, ["552100554"] * 100)).to_parquet(path)
    return DataFolder(tmp_path)


def test_a_sound_folder_has_no_damaged_file(folder):
    assert list(damage.damaged(folder)) == []


@pytest.mark.parametrize("harm", [truncate, garble, empty, replace_by_a_folder, replace_by_another_table])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_with_the_command_that_makes_it_anew(folder, name, harm):
    harm(folder.root / name)
    (found,) = damage.damaged(folder)
    assert found.path == folder.root / name
    assert found.remedy.endswith(FILES[name][1])


# What was never undecided, or rejected, has no file; older versions kept labels elsewhere.
NOT_ALWAYS = ("features/undecided.parquet", "features/labels.parquet", "rejects/2401/debts.parquet")


@pytest.mark.parametrize("name", [name for name in FILES if name not in NOT_ALWAYS])
def test_a_file_that_is_missing_is_named_too(folder, name):
    remove(folder.root / name)
    (found,) = damage.damaged(folder)
    assert "part-0.parquet" in found.sentence or found.path == folder.root / name
    assert "it is missing" in found.sentence


def test_a_failure_is_laid_to_the_damaged_file_where_there_is_one_and_else_goes_on(folder):
    with pytest.raises(KeyError), damage.told(folder):
        raise KeyError("siren")
    truncate(folder.root / "features/firms.parquet")
    with pytest.raises(InputError, match=r"features/firms\.parquet can't be read: it is damaged"), damage.told(folder):
        raise KeyError("siren")


@pytest.mark.parametrize("file", ["lists/2024-01/target_list.parquet", "scores/period=2024-01-01/scores.parquet"])
def test_a_damaged_list_or_score_is_left_out_by_later_periods_alone(folder, file):
    truncate(folder.root / file)
    name, january, february = file.rpartition("/")[2], date(2024, 1, 1), date(2024, 2, 1)
    left, told = damage.without_damaged(folder.snapshot(), february)
    assert told == ((name, january),)
    assert january not in (left.lists if name == "target_list.parquet" else left.scores)
    assert damage.without_damaged(folder.snapshot(), january) == (folder.snapshot(), ())
