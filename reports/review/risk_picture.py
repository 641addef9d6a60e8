"""A firm's risk, its interval, its curve by horizon and how it moved, as one picture and one table."""

from collections.abc import Sequence
from functools import partial

from models.alerts import HIGH, MODERATE, Thresholds
from models.protocol import SHORTER_HORIZONS
from models.scoring.records import risk_at
from reports.charts import Line
from reports.review.data import Row
from reports.review.history import Chart
from reports.review.wording import known
from reports.review.words import Words
from reports.risk_drawing import RiskPicture, risk_drawing


def risks_by_horizon(firm: Row, horizon: int) -> dict[int, float]:
    """Within how many months -> the risk, of those that are known, the model's own last.

    firm: what the user may see of its row on the list; nothing where that holds no risk.
    """
    if known(firm.get("probability")) is None:
        return {}
    shorter = {months: known(firm.get(risk_at(months))) for months in SHORTER_HORIZONS}
    return {months: risk for months, risk in {**shorter, horizon: firm["probability"]}.items() if risk is not None}


def risk_picture(
    firm: Row, past: Sequence[Row], horizon: int, thresholds: Thresholds | None, words: Words
) -> Chart | None:
    """The picture; None where the user may see no risk.

    past: the firm in the lists up to this one, oldest first. thresholds: of this list, None where it does not say.
    """
    ahead = risks_by_horizon(firm, horizon)
    if not ahead or not past:
        return None
    ends = (known(firm.get("probability_low")), known(firm.get("probability_high")))
    interval = None if None in ends else ends
    between = _between(interval, words)
    levels = {HIGH: thresholds.high, MODERATE: thresholds.moderate} if thresholds else {}
    picture = RiskPicture(
        past={row["period"]: row["probability"] for row in past},
        ahead=ahead,
        interval=interval,
        levels=[Line(words.level(level), value) for level, value in levels.items()],
        told_past=[f"{row['period']:%m/%Y} – {words.percent(row['probability'])}" for row in past],
        told_ahead=[_told(months, ahead, between, words) for months in ahead],
        captions=(
            words.say("in each list, within {months} months", months=str(horizon)),
            words.say("from then on, in months"),
        ),
    )
    title = words.say("The risk, list by list, then by horizon")
    description = words.say(
        "From {first} to {last}; the table below holds the figures.",
        first=words.month(past[0]["period"]),
        last=words.month(past[-1]["period"]),
    )
    drawn = risk_drawing(title, description, picture, partial(words.percent, decimals=0))
    head = (words.say("List or horizon"), words.say("Risk"), words.say("Between (95%)"), words.say("Alert"))
    rows = [
        (_months(words, months), words.percent(risk), between if months == horizon else "–", "–")
        for months, risk in ahead.items()
    ]
    told = reversed(past)
    rows += [(words.month(r["period"]), words.percent(r["probability"]), "–", words.level(r["alert"])) for r in told]
    return Chart(title, drawn, head, rows)


def _months(words: Words, months: float) -> str:
    return words.say("{number} months", number=str(months))


def _between(interval: tuple[float, float] | None, words: Words) -> str:
    if interval is None:
        return "–"
    return words.say("{low} to {high}", low=words.percent(interval[0]), high=words.percent(interval[1]))


def _told(months: int, ahead: dict[int, float], between: str, words: Words) -> str:
    said = words.say("within {months} months: {risk}", months=str(months), risk=words.percent(ahead[months]))
    return f"{said} ({between})" if months == max(ahead) and between != "–" else said
