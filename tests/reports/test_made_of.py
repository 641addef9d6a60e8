"""What a list was made of, from which it can be made again."""

import json
from dataclasses import replace
from datetime import date

from features.records import as_json
from features.table_record import StagedFile
from reports.made_of import MADE_OF, BuiltFrom, MadeOf, differences, made_of_text, read_made_of

JANUARY, FEBRUARY = (StagedFile("debts", batch, "sigfaible_debits.csv", batch) for batch in ("2401", "2402"))
FIRST = BuiltFrom(date(2014, 3, 1), date(2024, 2, 1), (JANUARY,))
SECOND = BuiltFrom(date(2024, 3, 1), date(2024, 3, 1), (JANUARY, FEBRUARY))
RECORD = MadeOf("m", (FIRST, SECOND), {}, {}, "code", {"python": "3.11"}, {})


def test_a_record_tells_of_each_build_and_of_all_files_once(tmp_path):
    (tmp_path / MADE_OF).write_text(made_of_text(RECORD))
    assert read_made_of(tmp_path) == RECORD
    assert RECORD.files == (JANUARY, FEBRUARY)


def test_a_record_of_a_version_that_built_all_anew_tells_of_one_build(tmp_path):
    content = json.loads(made_of_text(RECORD)) | {"version": 1, **json.loads(as_json(FIRST, {}))}
    del content["builds"]
    (tmp_path / MADE_OF).write_text(json.dumps(content))
    assert read_made_of(tmp_path).builds == (FIRST,)


def test_files_that_were_read_by_one_making_alone_are_told():
    found = list(differences(RECORD, replace(RECORD, builds=(FIRST,))))
    assert found == ["Not read again: 2402/sigfaible_debits.csv."]
