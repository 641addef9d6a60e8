"""The partners' files, one module per source; `SOURCES` lists all that are read."""

from features.sources.bodacc import BODACC
from features.sources.ccsf import CCSF
from features.sources.contributions import CONTRIBUTIONS
from features.sources.debts import DEBTS
from features.sources.financial_ratios import FINANCIAL_RATIOS
from features.sources.headcounts import ESTABLISHMENT_HEADCOUNTS, FIRM_HEADCOUNTS
from features.sources.legal_notices import LEGAL_NOTICES
from features.sources.payment_delays import PAYMENT_DELAYS
from features.sources.payment_plans import PAYMENT_PLANS
from features.sources.perimeter_filter import PERIMETER_FILTER
from features.sources.register import (
    ESTABLISHMENT_HISTORY,
    ESTABLISHMENTS,
    LEGAL_UNIT_HISTORY,
    LEGAL_UNITS,
)
from features.sources.short_time_work import SHORT_TIME_GRANTED, SHORT_TIME_USED
from features.sources.source import Source
from features.sources.urssaf_procedures import URSSAF_PROCEDURES

SOURCES: tuple[Source, ...] = (
    LEGAL_UNITS,
    LEGAL_UNIT_HISTORY,
    ESTABLISHMENTS,
    ESTABLISHMENT_HISTORY,
    FIRM_HEADCOUNTS,
    ESTABLISHMENT_HEADCOUNTS,
    CONTRIBUTIONS,
    DEBTS,
    PAYMENT_PLANS,
    CCSF,
    URSSAF_PROCEDURES,
    BODACC,
    LEGAL_NOTICES,
    SHORT_TIME_USED,
    SHORT_TIME_GRANTED,
    FINANCIAL_RATIOS,
    PAYMENT_DELAYS,
    PERIMETER_FILTER,
)
