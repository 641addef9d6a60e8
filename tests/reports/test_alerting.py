"""The policy of alerts in words, on a list that a reader can count."""

import pandas as pd

from models.alerts import AlertPolicy, Thresholds
from reports.alerting import Given, given, given_sentences, policy_sentences
from reports.language import Language

EN, FR = Language("en"), Language("fr")
RANKED = pd.DataFrame(
    {"alert": ["high", "moderate", "moderate", *["none"] * 37], "probability": [0.5, 0.3, 0.1, *[0.01] * 37]}
)
CUT = Thresholds(0.4, 0.1)


def test_a_list_says_its_policy_what_it_gave_and_what_is_to_be_expected():
    told = list(given_sentences(given(CUT, RANKED), EN))
    assert told[0].startswith("High alert: a risk of at least 3 times the mean risk of all firms")
    assert told[1:] == [
        "Alert: a risk of at least 2 times the mean risk of all firms.",
        "At most 5% of the firms are on high alert, and 10% on alert: those most at risk.",
        "Of 40 firms, 1 are on high alert (2.5%; from a risk of 40%), and 3 on alert (7.5%; from a risk of 10%).",
        "By their risks, 30% of the firms on alert will open a procedure.",
    ]
    french = list(given_sentences(given(CUT, RANKED), FR))
    assert len(french) == len(told)
    assert "2,5" in french[3]


def test_where_teams_set_the_number_no_share_is_told():
    told = list(policy_sentences(AlertPolicy(high_lift=2.5, firms_per_departement=20), EN))
    assert "2.5 times" in told[0]
    assert told[2:] == ["At most 20 firms are on alert in each département, those most at risk."]


def test_of_no_alert_and_of_no_firm_nothing_is_expected():
    quiet = list(given_sentences(given(CUT, RANKED[3:]), EN))
    assert quiet[-1].startswith("Of 37 firms, 0 are on high alert (0%")
    assert "(–; from" in list(given_sentences(given(CUT, RANKED[:0]), EN))[-1]


def test_what_is_published_is_read_again():
    found = given(Thresholds(0.4, 0.1, AlertPolicy(firms_per_departement=2), {"2A": 0.25}), RANKED)
    assert Given.from_json(found.as_json()) == found
