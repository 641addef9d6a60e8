import ibis
import pytest

from features.sources.files import open_text, read_lines
from features.sources.reading import parse
from features.sources.urssaf_procedures import STAGE_BY_WORDING, URSSAF_PROCEDURES

# The partner's own layout: a blank line at the end, labels in either order and any case.
SAMPLE = """Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx
01234567891011;012345678;26MAY2014;1;Solde_procedure_redressement
00040567000013;000405670;04OCT2017;1;liquidation_ouverture
00040567000021;;4oct2017;1;OUVERTURE_LIQUIDATION
00020345500018;000203455;17JUL2014;1;redressement_plan_continuation
00020345500018;000203455;17JUL2019;1;redressement_inclusion_autre_procedure

"""
DAMAGED = """Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx
00040567000013;000405670;31FEB2017;1;liquidation_ouverture
00040567000013;000405670;04OCT2017;1;
00040567000013;000405670;04OCT2017;1;liquidation_surprise
"""


def staged(path):
    con = ibis.duckdb.connect()
    file = open_text(con, path, path.parent)
    parsed = parse(read_lines(con, file), file, URSSAF_PROCEDURES)
    return con.execute(URSSAF_PROCEDURES.tidy(parsed).order_by("line"))


@pytest.fixture
def write(tmp_path):
    def file(text):
        path = tmp_path / "sigfaible_pcoll.csv"
        path.write_text(text)
        return path

    return file


def test_a_label_tells_action_and_stage_in_either_order_and_any_case(write):
    rows = staged(write(SAMPLE))
    assert list(zip(rows.siren, rows.action, rows.stage, strict=True)) == [
        ("012345678", "redressement", "ignored"),
        ("000405670", "liquidation", "opening"),
        ("000405670", "liquidation", "opening"),
        ("000203455", "redressement", "plan"),
        ("000203455", "redressement", "end"),
    ]
    assert [str(day)[:10] for day in rows.effective_on[:3]] == ["2014-05-26", "2017-10-04", "2017-10-04"]
    assert rows.unlisted_label.isna().all()


def test_what_the_label_does_not_say_is_listed_or_rejected_not_guessed(write):
    rows = staged(write(DAMAGED))
    assert rows.is_rejected.tolist() == [True, True, False]
    assert rows.problems[0][0]["column"] == "Dt_effet"
    assert rows.problems[1][0]["reason"] == "blank, but required"
    assert (rows.stage[2], rows.unlisted_label[2]) == ("ignored", "liquidation_surprise")
    assert rows.action.isna()[2]


def test_it_is_known_at_the_next_delivery_after_its_date(write):
    rows = staged(write(SAMPLE))
    known = URSSAF_PROCEDURES.known_at.known_at(
        ibis.memtable(rows[["effective_on"]]).cast({"effective_on": "date"}), 25
    )
    assert [str(day)[:10] for day in known.execute()[:2]] == ["2014-06-25", "2017-10-25"]


@pytest.mark.parametrize("stage", STAGE_BY_WORDING)
def test_every_stage_is_read_for_every_action(write, stage):
    lines = [
        f"00040567000013;000405670;04OCT2017;1;{label}" for label in (f"sauvegarde_{stage}", f"{stage}_sauvegarde")
    ]
    rows = staged(write("\n".join(["Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx", *lines])))
    assert rows.action.tolist() == ["sauvegarde"] * 2
    assert rows.stage.tolist() == [STAGE_BY_WORDING[stage]] * 2
