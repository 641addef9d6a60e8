import gc
import shutil
from datetime import date, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.engine import connect
from features.errors import InputError
from features.procedures import EVENT, procedures, state_at, states, true_states, undecided
from features.target import labels
from tests.tables import column, months, table

URSSAF = "siren | action | stage | effective_on | known_at"
BODACC = "siren | notice | action | stage | effective_on | known_at | corrects | retracts"


def events(text):
    return table(f"{' | '.join(EVENT)}\n{text}")


def urssaf(text):
    return table(f"{URSSAF}\n{text}")


def bodacc(text):
    return table(f"{BODACC}\n{text}", corrects="string", retracts="string")


def history(changes):
    """(day, state) of the only firm, in order."""
    return [(str(at)[:10], state) for _, at, state in changes.order_by("at").execute().itertuples(index=False)]


def test_a_firm_goes_from_opening_to_plan_and_back_in_bonis_ten_years_after_the_plan():
    found = states(
        events("""
        1 | redressement | opening | 2009-12-10 | 2009-12-25 |
        1 | redressement | plan    | 2011-03-01 | 2011-03-25 |
    """)
    )
    assert history(found) == [
        ("2009-12-25", "redressement"),
        ("2011-03-25", "plan_redressement"),
        ("2021-03-01", "in_bonis"),
    ]


def test_the_newest_stage_counts_not_the_newest_known():
    found = states(
        events("""
        1 | redressement | end     | 2012-05-01 | 2012-05-25 |
        1 | redressement | opening | 2010-05-01 | 2012-06-25 |
    """)
    )
    assert history(found) == []


def test_of_several_actions_the_gravest_counts():
    found = states(
        events("""
        1 | sauvegarde   | opening | 2010-01-01 | 2010-01-25 |
        1 | redressement | opening | 2010-02-01 | 2010-02-25 |
        1 | liquidation  | opening | 2010-03-01 | 2010-03-25 |
        1 | liquidation  | end     | 2010-04-01 | 2010-04-25 |
        1 | redressement | end     | 2010-05-01 | 2010-05-25 |
        1 | sauvegarde   | plan    | 2010-06-01 | 2010-06-25 |
    """)
    )
    assert [state for _, state in history(found)] == [
        "sauvegarde",
        "redressement",
        "liquidation",
        "redressement",
        "sauvegarde",
        "plan_sauvegarde",
        "in_bonis",
    ]


def test_a_plan_of_redressement_is_graver_than_an_open_sauvegarde():
    found = states(
        events("""
        1 | redressement | plan    | 2010-02-01 | 2010-02-25 |
        1 | sauvegarde   | opening | 2010-03-01 | 2010-03-25 |
    """)
    )
    assert history(found)[:1] == [("2010-02-25", "plan_redressement")]
    assert history(found)[1:] == [("2020-02-01", "sauvegarde")]


def test_an_amended_plan_does_not_begin_its_ten_years_again():
    found = states(
        events("""
        1 | sauvegarde | plan      | 2010-02-01 | 2010-02-25 |
        1 | sauvegarde | amendment | 2015-02-01 | 2015-02-25 |
    """)
    )
    assert history(found) == [("2010-02-25", "plan_sauvegarde"), ("2020-02-01", "in_bonis")]


def test_an_amendment_tells_of_a_plan_whose_adoption_is_not_known():
    found = states(events("1 | sauvegarde | amendment | 2009-02-01 | 2009-02-25 |"))
    assert history(found) == [("2009-02-25", "plan_sauvegarde"), ("2019-02-01", "in_bonis")]


def test_each_plan_has_its_own_ten_years():
    found = states(
        events("""
        1 | redressement | plan | 2010-02-01 | 2010-02-25 |
        1 | sauvegarde   | plan | 2012-02-01 | 2012-02-25 |
        2 | sauvegarde   | plan | 2011-03-01 | 2011-03-25 |
    """)
    )
    assert history(found.filter(found.siren == "1")) == [
        ("2010-02-25", "plan_redressement"),
        ("2020-02-01", "plan_sauvegarde"),
        ("2022-02-01", "in_bonis"),
    ]
    assert history(found.filter(found.siren == "2")) == [
        ("2011-03-25", "plan_sauvegarde"),
        ("2021-03-01", "in_bonis"),
    ]


def test_each_firm_has_its_own_states_whatever_happens_to_others_in_between():
    found = states(
        events("""
        1 | redressement | opening | 2010-01-01 | 2010-01-25 |
        2 | redressement | opening | 2010-02-01 | 2010-02-25 |
        1 | redressement | end     | 2010-03-01 | 2010-03-25 |
        3 | liquidation  | opening | 2010-03-01 | 2010-03-25 |
        2 | redressement | end     | 2010-04-01 | 2010-04-25 |
    """)
    )
    assert found.columns == ("siren", "at", "state")
    assert [tuple(map(str, row)) for row in found.order_by("siren", "at").to_pandas().itertuples(index=False)] == [
        ("1", "2010-01-25 00:00:00", "redressement"),
        ("1", "2010-03-25 00:00:00", "in_bonis"),
        ("2", "2010-02-25 00:00:00", "redressement"),
        ("2", "2010-04-25 00:00:00", "in_bonis"),
        ("3", "2010-03-25 00:00:00", "liquidation"),
    ]


def test_an_action_that_is_no_insolvency_procedure_changes_nothing():
    assert history(states(events("1 | conciliation | opening | 2010-01-01 | 2010-01-25 |"))) == []


def test_a_withdrawn_event_counts_until_the_day_of_its_correction_and_never_by_the_true_dates():
    withdrawn = events("1 | liquidation | opening | 2010-02-01 | 2010-02-25 | 2010-04-03")
    assert history(states(withdrawn)) == [("2010-02-25", "liquidation"), ("2010-04-03", "in_bonis")]
    assert history(true_states(withdrawn)) == []


def test_true_states_hold_from_the_judgement_not_from_its_delivery():
    known_late = events("1 | liquidation | opening | 2010-02-01 | 2010-02-25 |")
    assert history(true_states(known_late)) == [("2010-02-01", "liquidation")]


def test_both_sources_are_one_list_and_what_both_tell_is_known_from_the_first():
    found = procedures(
        urssaf("""
            1 | liquidation  | opening | 2010-02-01 | 2010-02-25
            1 | redressement | ignored | 2010-02-01 | 2010-02-25
        """),
        bodacc("1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |"),
    ).execute()
    assert found[["action", "stage"]].to_numpy().tolist() == [["liquidation", "opening"]]
    assert str(found.known_at[0])[:10] == "2010-02-12"


def test_either_source_is_enough_and_none_is_an_error():
    one = urssaf("1 | liquidation | opening | 2010-02-01 | 2010-02-25")
    assert procedures(one, None).count().execute() == 1
    with pytest.raises(InputError, match="sigfaible_pcoll"):
        procedures(None, None)


def test_a_rectificatif_replaces_the_former_notice_from_its_own_publication_on():
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | redressement | opening | 2010-02-01 | 2010-03-12 | A1 |
    """)
    events = procedures(None, notices)
    assert history(states(events)) == [("2010-02-12", "liquidation"), ("2010-03-12", "redressement")]
    assert history(true_states(events)) == [("2010-02-01", "redressement")]


def test_a_notice_that_only_corrects_is_no_event_and_neither_is_one_of_no_firm():
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |
        1 | A2 |             | ignored | 2010-03-01 | 2010-03-12 | |
          | A3 | liquidation | opening | 2010-04-01 | 2010-04-12 | |
    """)
    assert procedures(None, notices).execute()[["siren", "stage"]].to_numpy().tolist() == [["1", "opening"]]


def test_what_corrects_one_notice_does_not_end_what_corrects_another():
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        2 | B1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | redressement | opening | 2010-02-01 | 2010-03-12 | A1 |
        2 | B2 | sauvegarde   | opening | 2010-02-01 | 2010-04-12 | B1 |
    """)
    found = states(procedures(None, notices))
    assert history(found.filter(found.siren == "1")) == [
        ("2010-02-12", "liquidation"),
        ("2010-03-12", "redressement"),
    ]
    assert history(found.filter(found.siren == "2")) == [("2010-02-12", "liquidation"), ("2010-04-12", "sauvegarde")]


def test_rectificatifs_follow_one_another_by_their_publication_not_by_their_place_in_the_file():
    notices = bodacc("""
        1 | A3 | sauvegarde   | opening | 2010-02-01 | 2010-04-12 | A1 |
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | redressement | opening | 2010-02-01 | 2010-03-12 | A1 |
    """)
    assert [state for _, state in history(states(procedures(None, notices)))] == [
        "liquidation",
        "redressement",
        "sauvegarde",
    ]


def test_a_second_rectificatif_of_the_same_notice_replaces_the_first():
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | redressement | opening | 2010-02-01 | 2010-03-12 | A1 |
        1 | A3 | sauvegarde   | opening | 2010-02-01 | 2010-04-12 | A1 |
    """)
    assert history(true_states(procedures(None, notices))) == [("2010-02-01", "sauvegarde")]
    assert [state for _, state in history(states(procedures(None, notices)))] == [
        "liquidation",
        "redressement",
        "sauvegarde",
    ]


def test_a_cancellation_removes_the_notice_for_every_firm_that_it_named():
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 |    |
        2 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 |    |
          | A2 |             | ignored | 2010-02-01 | 2010-03-12 | A1 |
    """)
    assert column(procedures(None, notices).mutate(period=ibis._.known_at), "withdrawn_at") == [date(2010, 3, 12)] * 2


def test_a_notice_cancelled_leaves_what_the_urssaf_knows_itself():
    own = urssaf("1 | liquidation | opening | 2010-02-01 | 2010-02-25")
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 |             | ignored | 2010-02-01 | 2010-03-12 | A1 |
    """)
    assert history(states(procedures(own, notices))) == [("2010-02-12", "liquidation")]


def test_a_retraction_removes_the_judgement_in_both_sources_and_what_it_had_ended_lives_again():
    own = urssaf("""
        1 | redressement | opening | 2009-02-01 | 2009-02-25
        1 | liquidation  | opening | 2010-02-01 | 2010-02-25
    """)
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 | |
        1 | A1 | redressement | end     | 2010-02-01 | 2010-02-12 | |
        1 | A2 |              | ignored | 2010-06-01 | 2010-06-12 | | liquidation
    """)
    assert history(states(procedures(own, notices))) == [
        ("2009-02-25", "redressement"),
        ("2010-02-12", "liquidation"),
        ("2010-06-12", "redressement"),
    ]


def test_a_retraction_removes_the_judgement_that_it_names_rather_than_a_newer_one():
    notices = """
        1 | A1 | redressement | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | liquidation  | opening | 2010-04-01 | 2010-04-12 |    |
        1 | A3 |              | ignored | 2010-06-01 | 2010-06-12 | {} | any
    """
    named = true_states(procedures(None, bodacc(notices.format("A1"))))
    assert history(named) == [("2010-04-01", "liquidation")]
    newest = true_states(procedures(None, bodacc(notices.format(""))))
    assert history(newest) == [("2010-02-01", "redressement")]


def test_a_retraction_names_a_notice_even_where_the_urssaf_knows_of_a_newer_judgement():
    own = urssaf("1 | liquidation | opening | 2010-04-01 | 2010-04-25")
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 |             | ignored | 2010-06-01 | 2010-06-12 | A1 | liquidation
    """)
    assert history(true_states(procedures(own, notices))) == [("2010-04-01", "liquidation")]


def test_a_retraction_on_the_very_day_of_the_judgement_and_of_its_notice_removes_it():
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |
        1 | A2 |             | ignored | 2010-02-01 | 2010-02-12 | | liquidation
    """)
    assert history(true_states(procedures(None, notices))) == []


def test_each_retraction_removes_a_judgement_of_its_own_firm():
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |
        2 | A2 | liquidation | opening | 2010-03-01 | 2010-03-12 | |
        3 | A3 | liquidation | opening | 2010-04-01 | 2010-04-12 | |
        1 | A4 |             | ignored | 2010-06-01 | 2010-06-12 | | liquidation
        2 | A5 |             | ignored | 2010-06-01 | 2010-07-12 | | liquidation
    """)
    found = procedures(None, notices).order_by("siren").execute()
    assert [str(day)[:10] for day in found.withdrawn_at] == ["2010-06-12", "2010-07-12", "NaT"]


def test_a_judgement_retracted_twice_is_so_from_the_first_time_on():
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |
        1 | A2 |             | ignored | 2010-06-01 | 2010-07-12 | | any
        1 | A3 |             | ignored | 2010-06-01 | 2010-06-12 | | liquidation
    """)
    assert history(states(procedures(None, notices))) == [("2010-02-12", "liquidation"), ("2010-06-12", "in_bonis")]


def test_a_ruling_on_appeal_undoes_the_judgement_and_not_the_opening_that_it_decides_itself():
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2010-02-01 | 2010-02-12 |    |
        1 | A2 | redressement | opening | 2010-06-01 | 2010-06-12 |    | any
    """)
    assert history(states(procedures(None, notices))) == [("2010-02-12", "liquidation"), ("2010-06-12", "redressement")]
    assert history(true_states(procedures(None, notices))) == [("2010-06-01", "redressement")]


def test_a_notice_held_back_is_listed_once_per_firm_and_gives_no_event():
    notices = bodacc("""
        1 | A1 |  | ignored | 2010-02-01 | 2010-02-12 | |
        1 | A2 |  | ignored | 2010-02-01 | 2010-03-12 | |
    """).mutate(
        undecided_nature=(ibis._.notice == "A2").ifelse("arrets divers", ibis.null("string")),
        undecided_text=ibis.literal(""),
    )
    assert undecided(notices).execute()[["siren", "notice", "nature"]].to_numpy().tolist() == [
        ["1", "A2", "arrets divers"]
    ]
    assert procedures(None, notices).count().execute() == 0


def test_a_retraction_leaves_other_actions_and_later_judgements():
    notices = bodacc("""
        1 | A1 | sauvegarde  | opening | 2010-02-01 | 2010-02-12 | |
        1 | A2 |             | ignored | 2010-06-01 | 2010-06-12 | | liquidation
        1 | A3 | liquidation | opening | 2010-08-01 | 2010-08-12 | |
    """)
    assert history(true_states(procedures(None, notices))) == [
        ("2010-02-01", "sauvegarde"),
        ("2010-08-01", "liquidation"),
    ]


def test_a_retraction_removes_what_was_known_when_it_was_published_not_what_came_later():
    own = urssaf("1 | liquidation | opening | 2010-05-01 | 2010-07-25")
    notices = bodacc("""
        1 | A1 | liquidation | opening | 2010-02-01 | 2010-02-12 | |
        1 | A2 |             | ignored | 2010-06-01 | 2010-06-12 | | liquidation
    """)
    assert history(states(procedures(own, notices))) == [
        ("2010-02-12", "liquidation"),
        ("2010-06-12", "in_bonis"),
        ("2010-07-25", "liquidation"),
    ]


def test_a_state_counts_from_the_first_period_on_or_after_its_day_and_is_carried_forward():
    changes = table(
        """
        siren | at_day     | state
        1     | 2024-02-01 | redressement
        1     | 2024-03-02 | liquidation
        1     | 2024-03-30 | in_bonis
        1     | 2024-05-01 | sauvegarde
    """,
        at_day="date",
    ).rename(at="at_day")
    found = state_at(months("1", "2024-01-01", 6), changes)
    assert column(found, "state") == [
        "in_bonis",
        "redressement",
        "redressement",
        "in_bonis",
        "sauvegarde",
        "sauvegarde",
    ]


def test_a_change_before_a_firms_first_row_still_counts_and_unknown_firms_are_in_bonis():
    changes = table("siren | at_day | state\n1 | 2015-07-14 | liquidation", at_day="date").rename(at="at_day")
    grid = months("1", "2024-01-01", 2).union(months("2", "2024-03-01", 2))
    assert column(state_at(grid, changes), "state") == ["liquidation", "liquidation", "in_bonis", "in_bonis"]


def test_each_firm_is_in_its_own_state_and_of_two_changes_within_a_month_the_last_counts():
    changes = table(
        """
        siren | at_day     | state
        1     | 2024-01-10 | redressement
        2     | 2024-01-20 | sauvegarde
        1     | 2024-02-10 | in_bonis
        2     | 2024-01-25 | liquidation
    """,
        at_day="date",
    ).rename(at="at_day")
    grid = months("1", "2024-01-01", 4).union(months("2", "2024-01-01", 4)).order_by(ibis.desc("period"))
    found = state_at(grid, changes)
    assert column(found, "state", "1") == ["in_bonis", "redressement", "in_bonis", "in_bonis"]
    assert column(found, "state", "2") == ["in_bonis", "liquidation", "liquidation", "liquidation"]
    assert found.columns == ("siren", "period", "state")


def test_a_change_after_the_last_row_changes_nothing():
    changes = table("siren | at_day | state\n1 | 2024-02-02 | liquidation", at_day="date").rename(at="at_day")
    assert column(state_at(months("1", "2024-01-01", 2), changes), "state") == ["in_bonis"] * 2


FIRST = date(2020, 1, 1)
DAYS = st.integers(0, 700).map(lambda n: FIRST + timedelta(days=n))
NOTICES = st.lists(
    st.tuples(
        st.sampled_from(["1", "2"]),
        st.sampled_from(["liquidation", "redressement", "sauvegarde", None]),
        st.sampled_from(["opening", "plan", "amendment", "end"]),
        DAYS,
        st.integers(0, 90),
        st.none() | st.integers(0, 9),
        st.sampled_from([None, None, "any", "liquidation"]),
    ),
    min_size=1,
    max_size=10,
)


def drawn(notices):
    """The notices as staged: one without an action is a correction or a retraction only."""
    rows = [
        (siren, f"A{n}", action, stage if action else "ignored", on, on + timedelta(days=lag), corrects, retracts)
        for n, (siren, action, stage, on, lag, corrected, retracts) in enumerate(notices)
        for corrects in [None if corrected is None or corrected == n else f"A{corrected}"]
        for retracts in [None if action else retracts]
    ]
    names = [name.strip() for name in BODACC.split("|")]
    schema = {name: "date" if name.endswith(("_on", "_at")) else "string" for name in names}
    return ibis.memtable(pd.DataFrame(rows, columns=names), schema=schema)


@settings(max_examples=15, deadline=None)
@given(notices=NOTICES, cut=st.integers(0, 26))
def test_the_state_at_a_period_depends_on_nothing_known_later(notices, cut):
    grid = months("1", "2020-01-01", 27).union(months("2", "2020-01-01", 27))
    period = date(2020 + cut // 12, cut % 12 + 1, 1)
    staged = drawn(notices)
    whole = state_at(grid, states(procedures(None, staged)))
    known = state_at(grid, states(procedures(None, staged.filter(staged.known_at <= ibis.literal(period)))))
    at_period = [column(found.filter(found.period == ibis.literal(period)), "state") for found in (whole, known)]
    assert at_period[0] == at_period[1]


@settings(max_examples=10, deadline=None)
@given(notices=NOTICES, seed=st.integers(0, 1000))
def test_the_order_of_the_rows_changes_nothing(notices, seed):
    staged = drawn(notices)
    shuffled = ibis.memtable(staged.to_pandas().sample(frac=1, random_state=seed), schema=staged.schema())
    found = [states(procedures(None, rows)).order_by("siren", "at").to_pyarrow() for rows in (staged, shuffled)]
    assert found[0] == found[1]


@settings(max_examples=10, deadline=None)
@given(notices=NOTICES)
def test_another_firm_changes_nothing(notices):
    staged = drawn(notices).mutate(corrects=ibis.null("string"))
    both, alone = (states(procedures(None, rows)) for rows in (staged, staged.filter(staged.siren == "1")))
    assert history(both.filter(both.siren == "1")) == history(alone)


@pytest.mark.slow
@pytest.mark.nightly
# PySpark 4.0 calls pandas 3 in an old way, and leaves its sockets to the garbage collector.
@pytest.mark.filterwarnings("ignore:The copy keyword", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_spark_says_the_same_as_duckdb(tmp_path):
    pytest.importorskip("pyspark", reason="PySpark is not installed")
    if not shutil.which("java"):
        pytest.skip("Java is not on this machine")
    own = urssaf("""
        1 | redressement | opening | 2019-02-01 | 2019-02-25
        1 | redressement | plan    | 2019-08-01 | 2019-08-25
        2 | liquidation  | opening | 2020-02-01 | 2020-02-25
    """)
    notices = bodacc("""
        1 | A1 | liquidation  | opening | 2020-02-01 | 2020-02-12 |    |
        1 | A1 | redressement | end     | 2020-02-01 | 2020-02-12 |    |
        1 | A2 |              | ignored | 2020-06-01 | 2020-06-12 |    | liquidation
        3 | A3 | sauvegarde   | opening | 2019-06-01 | 2019-06-12 |    |
        3 | A4 | redressement | opening | 2019-06-01 | 2019-07-12 | A3 |
    """)
    events = procedures(own, notices)
    grid = ibis.union(*(months(siren, "2019-01-01", 24) for siren in "1234")).select("siren", "period")
    rows = state_at(grid, states(events)).left_join(labels(grid, events, date(2020, 12, 31), 6), ["siren", "period"])
    rows = rows.select("siren", "period", "state", "label").order_by("siren", "period")
    spark = connect("spark", tmp_path / "spark", 2)
    try:
        on_spark = spark.to_pyarrow(rows).to_pylist()
    finally:
        spark.disconnect()
        gc.collect()
    on_duckdb = connect("duckdb", tmp_path / "duckdb", 2).to_pyarrow(rows).to_pylist()
    assert on_spark == on_duckdb
    assert {row["state"] for row in on_duckdb} == {
        "in_bonis",
        "redressement",
        "plan_redressement",
        "liquidation",
        "sauvegarde",
    }
