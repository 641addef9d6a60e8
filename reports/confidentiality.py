"""Which figures confidential accounts hide: decided here, for the published lists and for the pages."""

from collections.abc import Mapping
from typing import Any, Final

ACCOUNTS: Final = "financial_health"
CONFIDENTIAL: Final = "accounts_confidential"
# Told of every firm: how old its accounts are, and whether they are confidential.
PUBLIC_FEATURES: Final = ("accounts_age", CONFIDENTIAL)


def has_confidential_accounts(row: Mapping[str, Any]) -> bool:
    """Whether the firm's accounts are confidential, by its row of the feature table."""
    return bool(row.get(CONFIDENTIAL) == 1)


def is_hidden_figure(theme: str, feature: str, is_confidential: bool) -> bool:
    """Whether a figure of a firm may not be shown without a right to confidential accounts.

    feature: the one that a derived feature derives from. is_confidential: whether the firm's accounts are.
    """
    return is_confidential and theme == ACCOUNTS and feature not in PUBLIC_FEATURES
