"""Which figures come from accounts that a firm keeps confidential: the one place that decides, for lists and for pages.

The model reads them. A list never shows them; a page shows them to users who have the right.
"""

from collections.abc import Mapping
from typing import Any, Final

ACCOUNTS: Final = "financial_health"
CONFIDENTIAL: Final = "accounts_confidential"
# Known of every firm in scope: how old its last accounts are, and whether they are public.
PUBLIC_FEATURES: Final = ("accounts_age", CONFIDENTIAL)


def is_confidential(row: Mapping[str, Any]) -> bool:
    """Whether the firm's accounts are confidential; row: of the feature table."""
    return bool(row.get(CONFIDENTIAL) == 1)


def comes_from_accounts(theme: str, feature: str) -> bool:
    """Whether a figure of this theme is closed where accounts are confidential."""
    return theme == ACCOUNTS and feature not in PUBLIC_FEATURES
