"""A firm's risk within a few months, and within more of them, as a picture and a table."""

from models.protocol import SHORTER_HORIZONS
from models.scoring.records import risk_at
from reports.charts import named_bars
from reports.review.data import Row
from reports.review.history import Chart
from reports.review.wording import known
from reports.review.words import Words


def horizon_chart(firm: Row, horizon: int, words: Words) -> Chart | None:
    """The risk at each horizon that is known, the model's own last; None where there is no other.

    firm: what the user may see of its row on the list.
    """
    shorter = {months: known(firm.get(risk_at(months))) for months in SHORTER_HORIZONS}
    risks = {months: risk for months, risk in shorter.items() if risk is not None}
    if not risks:
        return None
    risks[horizon] = firm["probability"]
    title = words.say("Risk by horizon")
    names = [words.say("{number} months", number=str(months)) for months in risks]
    description = words.say("The risk within {months} months; the table below holds the figures.", months=str(horizon))
    svg = named_bars(title, description, names, list(risks.values()), words.percent)
    rows = [(name, words.percent(risk)) for name, risk in zip(names, risks.values(), strict=True)]
    return Chart(title, svg, (words.say("Horizon"), words.say("Risk")), rows)
