"""What a feature table and each of its periods were made of, as it is recorded beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from features.checked import Checked
from features.periods import add_months, batch_month
from features.records import Upgrades


@dataclass(frozen=True)
class StagedFile:
    """A partner's file that the feature table was made of."""

    source: str
    batch: str
    file: str
    sha256: str


@dataclass(frozen=True)
class PeriodRecord:
    """What the rows of a period were made of: kept in its folder as `_made_of.json`.

    period: which one. contents: the SHA-256 of its files, by name. start, end: the first and the last period that were
    built with it. batch: the newest then. files: all that were staged then. code: a digest of the source that read them
    and built it.
    fingerprint: of the files, the perimeter, the catalogue and the code.
    """

    period: date
    contents: Mapping[str, str]
    start: date
    end: date
    batch: str
    files: tuple[StagedFile, ...]
    code: str
    dictionary_version: str
    fingerprint: str


PERIOD_UPGRADES: Final[Upgrades] = {}


@dataclass(frozen=True)
class BuildRecord:
    """What a feature table was made of: kept beside it as `build.json`, and in every model trained on it.

    start, end: the first and the last period. horizon, warm_up_months: in months. observed_until: the day up to which
    procedures were delivered, and labels are known. files, batch: what was staged at the last build, of which labels
    are made; what each period is made of stands in its folder. todays_shares: of each fact of the register whose past
    is not told everywhere, the share of the rows in which the value of today stands. dictionary: a short digest of each
    feature's entry in the catalogue.
    fingerprint: of what the periods and the labels are made of. checked: what the tables tell of each other.
    contents: the SHA-256 of each file beside the periods, by name.
    """

    start: date
    end: date
    horizon: int
    min_headcount: int
    excluded_categories: tuple[str, ...]
    excluded_activities: tuple[str, ...]
    min_turnover: int
    warm_up_months: int
    observed_until: date
    batch: str
    simulated: bool
    absent_sources: tuple[str, ...]
    todays_shares: Mapping[str, float]
    dictionary_version: str
    dictionary: Mapping[str, str]
    fingerprint: str
    files: tuple[StagedFile, ...]
    checked: tuple[Checked, ...]
    contents: Mapping[str, str]

    def older_sources(self, period: date) -> dict[str, date]:
        """The month of its last delivery, of each source that is older than the newest delivery known at a period."""
        due = min(batch_month(self.batch), add_months(period, -1))
        return {source: month for source, month in self._newest(date.max).items() if month < due}

    def deliveries(self, period: date) -> dict[str, date]:
        """The month of the last delivery of each source of which something was known at a period.

        Without the sources of which only later deliveries were kept.
        """
        return self._newest(add_months(period, -1))

    def _newest(self, until: date) -> dict[str, date]:
        newest: dict[str, date] = {}
        for file in self.files:
            month = batch_month(file.batch)
            if month <= until:
                newest[file.source] = max(month, newest.get(file.source, date.min))
        return newest


def with_todays_shares(content: dict[str, Any]) -> dict[str, Any]:
    """A record of a build up to 0.2.0: legal category and head office were today's in every row.

    How much of the activities was, it does not tell, unless their history was never delivered.
    """
    told_by = {"naf": "establishment_history"}
    absent = content["absent_sources"]
    facts = {"legal_category", *([] if "establishments" in absent else ["departement"])}
    facts |= {fact for fact, source in told_by.items() if source in absent}
    return {**content, "todays_shares": dict.fromkeys(sorted(facts), 1.0)}


def without_turnover(content: dict[str, Any]) -> dict[str, Any]:
    """A record of a build in which no turnover decided about the perimeter."""
    return {**content, "min_turnover": 0}


def without_checks(content: dict[str, Any]) -> dict[str, Any]:
    """A record of a build whose tables were not checked against each other."""
    return {**content, "checked": []}


def without_contents(content: dict[str, Any]) -> dict[str, Any]:
    """A record of a build that kept no digest of its files."""
    return {**content, "contents": {}}


BUILD_UPGRADES: Final[Upgrades] = {
    1: with_todays_shares,
    2: without_turnover,
    3: without_checks,
    4: without_contents,
}
