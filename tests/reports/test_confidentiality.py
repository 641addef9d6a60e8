"""What confidential accounts hide, and what is told all the same."""

import pytest

from reports.confidentiality import has_confidential_accounts, is_hidden_figure


@pytest.mark.parametrize(
    ("theme", "feature", "is_confidential", "is_hidden"),
    [
        ("financial_health", "liquidity_ratio", True, True),
        ("financial_health", "liquidity_ratio", False, False),
        ("financial_health", "accounts_age", True, False),
        ("financial_health", "accounts_confidential", True, False),
        ("social_debt", "debt", True, False),
    ],
)
def test_only_the_ratios_of_confidential_accounts_are_hidden(theme, feature, is_confidential, is_hidden):
    assert is_hidden_figure(theme, feature, is_confidential) is is_hidden


def test_accounts_are_confidential_where_the_table_says_so():
    assert has_confidential_accounts({"accounts_confidential": 1.0})
    assert not has_confidential_accounts({"accounts_confidential": 0.0})
    assert not has_confidential_accounts({"accounts_confidential": None})
    assert not has_confidential_accounts({})
