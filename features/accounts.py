"""When filed accounts became known: on the day on which the notice of their deposit was published.

Without such a notice they count from the end of the legal term on, seven months after their closing.
"""

import ibis.expr.types as ir

from features.sources.legal_notices import DEPOSIT
from features.windows import first_of_each


def first_deposits(legal_notices: ir.Table) -> ir.Table:
    """(siren, closed_on, published_on, known_at, is_confidential): the first notice of each deposit of accounts."""
    deposits = legal_notices.filter(legal_notices.kind == DEPOSIT, legal_notices.closed_on.notnull())
    columns = ("siren", "closed_on", "published_on", "known_at", "is_confidential")
    return first_of_each(deposits, ["siren", "closed_on"], ["known_at", "published_on", "notice"]).select(*columns)


def dated(financial_ratios: ir.Table, legal_notices: ir.Table) -> ir.Table:
    """The accounts, each known from the day of the notice of its deposit on where there is one.

    What a later notice tells is no reason to have known the accounts before it: they were not filed yet.
    """
    deposits = first_deposits(legal_notices).select("siren", "closed_on", deposited_at="known_at")
    accounts = financial_ratios.left_join(deposits, ["siren", "closed_on"])
    return accounts.mutate(known_at=accounts.deposited_at.fill_null(accounts.known_at)).select(financial_ratios.columns)
