"""The failure rate that risks are set to, and its range, in words."""

from collections.abc import Iterator

from models.calibration.base_rate import BaseRate
from reports.figures import share
from reports.language import Language


def base_rate_sentences(rate: BaseRate, language: Language) -> Iterator[str]:
    """The rate with its range over the years, and how far the calibration was moved to it."""
    yield language.say(
        "Risks are set to the mean failure rate of {first} to {last}, {rate}; by month, it went from {lowest} to "
        "{highest}.",
        first=language.month(rate.first),
        last=language.month(rate.last),
        rate=share(rate.rate, language),
        lowest=share(rate.lowest, language),
        highest=share(rate.highest, language),
    )
    yield language.say(
        "In the months of calibration it was {then}: risks are moved from there by {offset} in log-odds.",
        then=share(rate.at_calibration, language),
        offset=language.number(rate.offset, 2),
    )
