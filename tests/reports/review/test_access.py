"""Who may see what, as plain functions: rights in, figures or their absence out."""

import pytest

from features.errors import InputError
from reports.confidentiality import has_confidential_accounts
from reports.review import access
from reports.review.access import Kind, Right, Role, Rule, departements_of, right_of

EVERY_ROLE = ["agent", "team_lead", "data_scientist", "administrator"]


def right(*kinds, role="agent", territories=("FR",)):
    return right_of(role, territories, kinds)


WHOLE = right(*Kind)
NOTHING = right()


def test_the_words_of_an_account_become_its_right():
    found = right_of("team_lead", ["35", "29"], ["scores", "social_debt"])
    assert found == Right(Role.TEAM_LEAD, frozenset({"35", "29"}), frozenset({Kind.SCORES, Kind.SOCIAL_DEBT}))
    assert [str(role) for role in Role] == EVERY_ROLE
    assert [str(kind) for kind in Kind] == [
        "scores",
        "social_debt",
        "short_time_work",
        "confidential_accounts",
        "payment_delays",
        "protected_identities",
    ]


@pytest.mark.parametrize(("role", "kinds"), [("boss", ["scores"]), ("agent", ["everything"])])
def test_a_word_that_stands_for_nothing_is_refused_with_those_that_do(role, kinds):
    with pytest.raises(InputError) as refused:
        right_of(role, ["FR"], kinds)
    assert str(refused.value).endswith(
        "Roles: agent, team_lead, data_scientist, administrator. Kinds of data: scores, social_debt, short_time_work, "
        "confidential_accounts, payment_delays, protected_identities."
    )
    assert ("boss" if role == "boss" else "everything") in str(refused.value)


@pytest.mark.parametrize(
    ("territories", "departements"),
    [
        (["35"], {"35"}),
        (["Bretagne"], {"22", "29", "35", "56"}),
        (["Bretagne", "75"], {"22", "29", "35", "56", "75"}),
        (["2A", "2B"], {"2A", "2B"}),
        (["FR"], None),
        (["35", "FR"], None),
    ],
)
def test_a_territory_is_a_departement_a_region_or_the_country(territories, departements):
    assert departements_of(territories) == departements


@pytest.mark.parametrize(
    ("territories", "told"),
    [
        (
            ["35", "Atlantide"],
            '"Atlantide" is no territory. Give a département ("35"), a region ("Bretagne") or FR.',
        ),
        ([], "An account needs a territory: a département, a region or FR."),
    ],
)
def test_an_unknown_territory_and_none_at_all_are_refused(territories, told):
    with pytest.raises(InputError) as refused:
        departements_of(territories)
    assert str(refused.value) == told


def test_a_territory_becomes_a_condition_on_a_column_and_the_country_none():
    text, values = right(territories=["35", "29"]).territory("departement")
    assert (text, list(values)) == ("departement IN (SELECT unnest(?))", [["29", "35"]])
    text, values = WHOLE.territory("departement")
    assert (text, list(values)) == ("true", [])


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_of_data_is_open_to_who_has_it_and_to_nobody_else(kind):
    assert right(kind).may_see(kind)
    assert not right(*(other for other in Kind if other != kind)).may_see(kind)
    assert NOTHING.may_see(None)


@pytest.mark.parametrize(
    ("theme", "feature", "is_confidential", "needs"),
    [
        ("social_debt", "debt", False, Kind.SOCIAL_DEBT),
        ("short_time_work", "short_time_hours_12m", False, Kind.SHORT_TIME_WORK),
        ("payment_behaviour", "paydex", False, Kind.PAYMENT_DELAYS),
        ("financial_health", "liquidity_ratio", True, Kind.CONFIDENTIAL_ACCOUNTS),
        ("financial_health", "liquidity_ratio", False, None),
        ("financial_health", "accounts_age", True, None),
        ("financial_health", "accounts_confidential", True, None),
        # Accounts that are confidential hide accounts, and nothing else.
        ("social_debt", "debt", True, Kind.SOCIAL_DEBT),
        ("workforce", "headcount", True, None),
    ],
)
def test_a_figure_needs_the_right_of_its_theme_or_of_confidential_accounts(theme, feature, is_confidential, needs):
    without = right(*(kind for kind in Kind if kind != needs))
    assert without.may_see_feature(theme, feature, is_confidential) == (needs is None)
    assert WHOLE.may_see_feature(theme, feature, is_confidential)
    alone = NOTHING if needs is None else right(needs)
    assert alone.may_see_feature(theme, feature, is_confidential)


@pytest.mark.parametrize(
    ("row", "is_confidential"),
    [
        ({"accounts_confidential": 1.0}, True),
        ({"accounts_confidential": 0.0}, False),
        ({"accounts_confidential": None}, False),
        ({}, False),
    ],
)
def test_accounts_are_confidential_where_the_feature_table_says_so(row, is_confidential):
    assert has_confidential_accounts(row) is is_confidential


def test_a_theme_is_as_open_as_a_figure_of_it_that_is_not_public():
    assert WHOLE.may_see_theme("financial_health", is_confidential=True)
    assert NOTHING.may_see_theme("financial_health", is_confidential=False)
    assert not NOTHING.may_see_theme("financial_health", is_confidential=True)
    assert not NOTHING.may_see_theme("social_debt", is_confidential=False)
    assert NOTHING.may_see_theme("workforce", is_confidential=False)


DEBT = {"theme": "social_debt", "feature": "debt", "value": 42317.0}
RATIO = {"theme": "financial_health", "feature": "liquidity_ratio", "value": 0.7}
HIDDEN_RATIO = {**RATIO, "value": None}
AGE = {"theme": "profile", "feature": "age", "value": None}


def only_theme(reason):
    return {"theme": reason["theme"], "feature": None, "value": None}


def test_a_reason_without_right_is_its_theme_and_nothing_more():
    assert access.visible_reason(DEBT, right("social_debt")) == DEBT
    assert access.visible_reason(DEBT, right("payment_delays")) == only_theme(DEBT)
    assert access.visible_reason(None, WHOLE) is None


def test_a_reason_of_accounts_without_a_figure_is_one_of_confidential_accounts():
    assert access.visible_reason(RATIO, NOTHING) == RATIO
    assert access.visible_reason(HIDDEN_RATIO, NOTHING) == only_theme(RATIO)
    assert access.visible_reason(HIDDEN_RATIO, right("confidential_accounts")) == HIDDEN_RATIO
    assert access.visible_reason(AGE, NOTHING) == AGE


def test_a_reason_that_names_no_feature_stays_a_theme_even_with_the_right():
    assert access.visible_reason({**DEBT, "feature": ""}, WHOLE) == only_theme(DEBT)


def test_of_what_moved_a_risk_only_the_parts_with_right_are_told():
    parts = [
        {"theme": "social_debt", "feature": "debt", "is_hidden": False, "before": 1, "after": 2},
        {"theme": "financial_health", "feature": "liquidity_ratio", "is_hidden": True, "before": 3, "after": 4},
        {"theme": "workforce", "feature": "headcount", "is_hidden": False, "before": 5, "after": 6},
    ]
    record = {"since": "2024-01", "parts": parts}
    assert access.visible_movement(record, WHOLE) == record
    assert access.visible_movement(record, NOTHING) == {
        "since": "2024-01",
        "parts": [
            {"theme": "social_debt", "feature": None},
            {"theme": "financial_health", "feature": None},
            parts[2],
        ],
    }
    assert access.visible_movement(record, right("social_debt"))["parts"][0] == parts[0]


def test_of_what_would_lower_a_risk_an_action_without_right_hides_the_probability_too():
    debt = {"theme": "social_debt", "name": "debt", "before": 900, "after": 0}
    accounts = {"theme": "financial_health", "name": "equity", "before": -1, "after": 1}
    record = {"actions": [debt, accounts], "probability": 0.18}
    assert access.visible_counterfactual(record, WHOLE) == record
    # The figures of confidential accounts are never part of such a record: these accounts are public.
    assert access.visible_counterfactual({**record, "actions": [accounts]}, NOTHING) == {
        **record,
        "actions": [accounts],
    }
    assert access.visible_counterfactual(record, NOTHING) == {
        "actions": [{"theme": "social_debt", "name": None, "before": None, "after": None}, accounts],
        "probability": None,
    }


@pytest.mark.parametrize("role", Role)
def test_a_rule_without_conditions_admits_everybody(role):
    assert Rule("list").admits(right(role=role, territories=["35"]))


def test_a_rule_admits_by_role_by_kind_of_data_and_by_territory_all_at_once():
    rule = Rule("x", frozenset({Role.TEAM_LEAD}), is_countrywide=True, kind=Kind.SCORES)
    assert rule.admits(right("scores", role="team_lead"))
    assert not rule.admits(right("scores", role="agent"))
    assert not rule.admits(right("social_debt", role="team_lead"))
    assert not rule.admits(right("scores", role="team_lead", territories=["35"]))


RULES = """
    PUBLIC            | public                | everybody                     |        |         |        |
    SIGN_IN           | sign in               | everybody                     |        |         | logged |
    SIGNED_IN         | signed in             | every role                    |        |         |        |
    SIGN_OUT          | sign out              | every role                    |        |         | logged | before
    READ_NOTICE       | notice                | every role                    |        |         |        | before
    ACCEPT_NOTICE     | accept notice         | every role                    |        |         |        | before
    OWN_ACCOUNT       | own account           | every role                    |        |         |        |
    SEE_TOUR          | tour                  | every role                    |        |         |        |
    CHANGE_PASSWORD   | change password       | every role                    |        |         | logged |
    HOME              | home                  | every role                    |        |         | logged |
    LIST              | list                  | every role                    |        |         | logged |
    EXPORT_LIST       | export list           | every role                    |        |         | logged |
    FIRM              | firm                  | every role                    |        | a firm  | logged |
    EXPORT_FIRM       | export firm           | every role                    |        | a firm  | logged |
    GIVE_VERDICT      | verdict               | every role                    | scores | a firm  | logged |
    FOLLOW_UP         | follow-up             | every role                    |        | a firm  | logged |
    REPORT_WRONG_DATA | wrong data            | every role                    |        | a firm  | logged |
    READ_WRONG_DATA   | reports of wrong data | administrator, data_scientist |        |         | logged |
    ANSWER_WRONG_DATA | answer to wrong data  | administrator, data_scientist |        |         | logged |
    TERRITORY         | territory             | administrator, data_scientist, team_lead | scores | | logged |
    EXPORT_TERRITORY  | export territory      | administrator, data_scientist, team_lead | scores | | logged |
    FOLLOW_UPS        | follow-ups            | every role                    |        |         | logged |
    EXPORT_FOLLOW_UPS | export follow-ups     | every role                    |        |         | logged |
    TEAM              | team                  | administrator, team_lead      |        |         | logged |
    EXPORT_VERDICTS   | export verdicts       | administrator, data_scientist | scores |         | logged |
    READ_LINEAGE      | lineage               | administrator, data_scientist | every  | a firm  | logged |
    READ_RIGHTS       | rights                | administrator                 |        | country | logged |
    REVIEW_RIGHTS     | review of a right     | administrator                 |        | country | logged |
    READ_AUDIT        | audit                 | administrator                 |        | country | logged |
"""


def test_every_rule_is_in_the_table():
    listed = [line.split("|")[0].strip() for line in RULES.strip().splitlines()]
    assert [getattr(access, name) for name in listed] == list(access.RULES)


@pytest.mark.parametrize("line", [line for line in RULES.splitlines() if line.strip()])
def test_each_route_asks_what_this_table_says(line):
    name, action, who, kind, where, logged, notice = (cell.strip() for cell in line.split("|"))
    rule = getattr(access, name)
    roles = EVERY_ROLE if who in ("everybody", "every role") else who.split(", ")
    assert rule == Rule(
        action,
        frozenset(map(Role, roles)),
        is_public=who == "everybody",
        names_firm=where == "a firm",
        is_countrywide=where == "country",
        kind=Kind(kind) if kind and kind != "every" else None,
        needs_every_kind=kind == "every",
        is_logged=logged == "logged",
        is_before_notice=notice == "before",
    )
