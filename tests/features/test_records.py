"""Records on disk: read as they were written, upgraded, or refused by name."""

from dataclasses import dataclass
from datetime import date

import pytest

from features.errors import InputError
from features.records import as_json, read_record, upgraded, write_record

REMEDY = "Make it again: weaksignals make"


@dataclass(frozen=True)
class Visit:
    """A record of the second version: the first had `when`, as text."""

    on: date
    rooms: tuple[str, ...] = ()


UPGRADES = {1: lambda content: {"on": content["when"], "rooms": []}}


def test_a_record_is_read_as_it_was_written(tmp_path):
    visit = Visit(date(2024, 1, 31), ("kitchen", "cellar"))
    write_record(tmp_path / "visit.json", visit, UPGRADES)
    assert read_record(tmp_path / "visit.json", Visit, UPGRADES, REMEDY) == visit
    assert '"version": 2' in as_json(visit, UPGRADES)


def test_a_file_from_before_versions_is_upgraded(tmp_path):
    (tmp_path / "visit.json").write_text('{"when": "2023-05-02"}')
    assert read_record(tmp_path / "visit.json", Visit, UPGRADES, REMEDY) == Visit(date(2023, 5, 2))


def test_upgrades_are_done_one_after_the_other_from_the_version_that_is_found():
    steps = {1: lambda c: {**c, "a": 1}, 2: lambda c: {**c, "b": c.get("a", 0) + 1}}
    assert upgraded({}, steps) == {"a": 1, "b": 2}
    assert upgraded({"version": 2}, steps) == {"b": 1}
    assert upgraded({"version": 3}, steps) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"version": 3, "on": "2024-01-31"}', "version 3, and this program knows versions up to 2"),
        ('{"version": "new"}', "version new"),
        ('{"version": 2, "on": "yesterday"}', "on: "),
        ('{"version": 2, "on": "2024-0', "can't be read"),
        ("[]", "no JSON object"),
        ('{"neither": 1}', "when"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_file_and_what_to_do(tmp_path, text, told):
    path = tmp_path / "visit.json"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_record(path, Visit, UPGRADES, REMEDY)
    assert str(path) in str(refused.value)
    assert told in str(refused.value)
    assert str(refused.value).endswith(REMEDY)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"visit\.json can't be read"):
        read_record(tmp_path / "visit.json", Visit, UPGRADES, REMEDY)
