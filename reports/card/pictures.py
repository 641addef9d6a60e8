"""Pictures of what a model counts, drawn by shap's own plots from our exact contributions, in both languages.

Only the command that trains imports this module: shap and matplotlib are heavy. Equal models give equal files.
"""

import io
import json
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import shap
from matplotlib import get_backend, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from models.evaluation.records import FeatureImportance
from models.explanation.contributions import booster_of, explain
from models.explanation.sums import by_root
from models.registry.model import RiskModel
from models.rows.dataset import matrix
from reports.card.parts import ALTERNATIVES, BEESWARM, DEPENDENCE, PICTURES, THEMES, Alternatives, picture_file
from reports.card.summary import HEAVIEST
from reports.card.svg import lean
from reports.confidentiality import CONFIDENTIAL, is_hidden_figure
from reports.dictionary import UNITS
from reports.figures import share
from reports.language import LANGUAGES, Language
from reports.reasons import FEATURES, THEME_WORDS

# Rows that directions are read from; those of them that are drawn: a dot takes some 60 bytes in a file.
ROWS: Final = 2000
BEESWARM_ROWS: Final = 260
DEPENDENCE_ROWS: Final = 600
SCATTERED: Final = 5
# Of the figures that the alternative text of the beeswarm tells one by one.
TOLD: Final = 5
# A rank correlation between value and contribution below which no direction is told.
CLEAR: Final = 0.3
# Beyond these quantiles a value is not drawn: one very large firm would press all the others against the axis.
SPAN: Final = (0.01, 0.99)
LINE_LENGTH: Final = 34
INK: Final = "#1b1b1f"
# From violet to orange: told apart by the colour-blind, dark enough on white, ever lighter in greys.
COLOURS: Final = ListedColormap(plt.colormaps["plasma"](np.linspace(0.0, 0.8, 24)), name="violet_to_orange")
DARKEST: Final = "#0d0887"
STYLE: Final[Any] = {
    "svg.hashsalt": "weaksignals",
    "svg.fonttype": "path",
    "text.color": INK,
    "font.size": 11,
    "figure.facecolor": "white",
}


@dataclass(frozen=True)
class Sample:
    """Firm-months with what each figure and all that derives from it added to their margin.

    contributions: rows x figures, in log-odds; base + the contributions of a row are its margin.
    values: rows x figures; NaN for what is unknown, for codes, and for figures of confidential accounts.
    """

    contributions: pd.DataFrame
    values: pd.DataFrame
    base: float


@dataclass(frozen=True)
class Pictures:
    """drawings: file name -> SVG; alternatives: picture -> language -> the text for whoever does not see it."""

    drawings: Mapping[str, str]
    alternatives: Alternatives

    @property
    def files(self) -> dict[str, str]:
        """What is stored with the model, by file name."""
        return {**self.drawings, ALTERNATIVES: json.dumps(self.alternatives, ensure_ascii=False, indent=1)}


def pictures(model: RiskModel, rows: pd.DataFrame, importance: FeatureImportance, seed: int) -> Pictures:
    """Each picture in each language.

    rows: the test rows; importance: by theme and by figure, largest first.
    """
    taken = sample(model, rows, seed)
    drawings: dict[str, str] = {}
    alternatives: dict[str, dict[str, str]] = {name: {} for name in PICTURES}
    figures = [name for name in importance.features if name in taken.contributions][:HEAVIEST]
    numbers = [name for name in importance.features if taken.values[name].nunique() > 1][:SCATTERED]
    for code in LANGUAGES:
        language = Language(code)
        with _drawing(seed):
            drawn = {
                BEESWARM: _beeswarm(taken, figures, language),
                THEMES: _themes(importance.themes, language),
                DEPENDENCE: _dependence(taken, numbers, language),
            }
            drawings |= {picture_file(name, code): _svg(figure) for name, figure in drawn.items()}
        alternatives[BEESWARM][code] = _told_beeswarm(taken, figures, importance.features, language)
        alternatives[THEMES][code] = _told_themes(importance.themes, language)
        alternatives[DEPENDENCE][code] = _told_dependence(taken, numbers, language)
    return Pictures(drawings, alternatives)


def sample(model: RiskModel, rows: pd.DataFrame, seed: int) -> Sample:
    """At most ROWS of the rows, in an order of chance, with their exact contributions."""
    rows = rows.sample(min(ROWS, len(rows)), random_state=seed).reset_index(drop=True)
    found = explain(booster_of(model.text), matrix(rows, model.inputs))
    parts = pd.DataFrame(found.contributions, columns=[column.name for column in model.inputs])
    contributions = by_root(parts, model.inputs)
    values = pd.DataFrame({name: _values(rows, str(name)) for name in contributions}, index=rows.index)
    return Sample(contributions, values, found.base)


def _values(rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
    feature = FEATURES[name]
    if feature.is_category:
        return np.full(len(rows), np.nan)
    values = rows[name].to_numpy(np.float64, na_value=np.nan)
    if is_hidden_figure(feature.theme, name, is_confidential=True):
        is_confidential = rows[CONFIDENTIAL].to_numpy(np.float64, na_value=np.nan) == 1
        values = np.where(is_confidential, np.nan, values)
    return values


def explanation(taken: Sample, language: Language) -> shap.Explanation:
    """A sample as shap's plots read it; the figures are called what people call them."""
    return shap.Explanation(
        values=taken.contributions.to_numpy(),
        base_values=np.full(len(taken.contributions), taken.base),
        data=taken.values[taken.contributions.columns].to_numpy(),
        feature_names=[_label(str(name), language) for name in taken.contributions],
    )


@contextmanager
def _drawing(seed: int) -> Iterator[None]:
    """Draw to files, the same each time; what others draw with matplotlib stays as it is."""
    backend, state = get_backend(), np.random.get_state()
    plt.switch_backend("svg")
    np.random.seed(seed)
    try:
        with rc_context(STYLE), warnings.catch_warnings():
            # shap 0.51 calls what matplotlib 3.11 will deprecate, and takes quantiles of figures that are all unknown.
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)
        plt.switch_backend(backend)


def _svg(figure: Figure) -> str:
    """Of lines and dots alone; shap would make a bitmap of many dots."""
    for axes in figure.axes:
        for dots in axes.collections:
            dots.set(rasterized=False, clip_on=False)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return lean(out.getvalue())


def _beeswarm(taken: Sample, figures: Sequence[str], language: Language) -> Figure:
    places = [taken.contributions.columns.get_loc(name) for name in figures]
    figure, axes = plt.subplots(figsize=(10, 1.6 + 0.46 * len(figures)), layout="constrained")
    shap.plots.beeswarm(
        explanation(taken, language)[:BEESWARM_ROWS, places],
        max_display=len(places),
        order=np.arange(len(places)),
        color=COLOURS,
        ax=axes,
        plot_size=None,
        s=10,
        color_bar_label=language.say("Value of the figure (grey: not known, or a category)"),
        show=False,
    )
    axes.set_yticks(axes.get_yticks(), [text.get_text() for text in axes.get_yticklabels()], fontsize=11)
    axes.tick_params("y", length=0)
    _axis_of_contributions(axes, language, "x")
    (bar,) = (other for other in figure.axes if other is not axes)
    for colours in bar.collections:
        colours.set_edgecolor("face")
    bar.set_yticklabels([language.say("low value"), language.say("high value")])
    return figure


def _themes(weights: Mapping[str, float], language: Language) -> Figure:
    figure, axes = plt.subplots(figsize=(10, 1.0 + 0.5 * len(weights)), layout="constrained")
    names = [language.say(THEME_WORDS[theme]) for theme in weights]
    shap.plots.bar(
        shap.Explanation(values=np.array(list(weights.values())), feature_names=names),
        max_display=len(names),
        order=np.arange(len(names)),
        ax=axes,
        show=False,
    )
    for text, weight in zip(axes.texts, weights.values(), strict=True):
        text.set(text=share(weight, language), color=INK)
    for bar in axes.patches:
        bar.set_facecolor(DARKEST)
    axes.tick_params("y", labelsize=11)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value, language, 0)))
    axes.set_xlabel(language.say("weight"), fontsize=11)
    return figure


def _dependence(taken: Sample, figures: Sequence[str], language: Language) -> Figure:
    rows = -(-max(len(figures), 1) // 2)
    figure, panels = plt.subplots(rows, 2, figsize=(10, 3.2 * rows), layout="constrained", squeeze=False)
    for axes in panels.flat[len(figures) :]:
        axes.set_axis_off()
    for axes, name in zip(panels.flat, figures, strict=False):
        kept = np.flatnonzero(_within(taken.values[name]))[:DEPENDENCE_ROWS]
        place = taken.contributions.columns.get_loc(name)
        shap.plots.scatter(
            explanation(taken, language)[kept, place], color=DARKEST, ax=axes, dot_size=9, hist=False, show=False
        )
        axes.axhline(0, color="#8a8a94", linewidth=0.8, zorder=-1)
        axes.set_xlabel(_with_unit(name, language), fontsize=11)
        _axis_of_values(axes, FEATURES[name].unit, language)
        _axis_of_contributions(axes, language, "y")
    return figure


def _within(values: pd.Series) -> NDArray[np.bool_]:
    """Which values are known, and within SPAN."""
    low, high = values.quantile(SPAN[0]), values.quantile(SPAN[1])
    return np.asarray(values.between(low, high))


def _axis_of_contributions(axes: Axes, language: Language, side: str) -> None:
    axis = axes.xaxis if side == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _signed(value, language)))
    words = "contribution to the risk (log-odds)" if side == "x" else "contribution (log-odds)"
    axis.set_label_text(language.say(words), fontsize=11)


def _axis_of_values(axes: Axes, unit: str, language: Language) -> None:
    words: Mapping[str, Callable[[float], str]] = {
        "share": lambda value: share(value, language, 0),
        "%": lambda value: share(value / 100, language, 0),
        "yes/no": lambda value: language.say("yes" if value else "no"),
    }
    word: Callable[[float], str] = words.get(unit, lambda value: language.number(value, 1))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    if unit == "yes/no":
        axes.set_xticks([0, 1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: word(value)))


def _signed(value: float, language: Language) -> str:
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return sign + language.number(abs(value), 2)


def _label(name: str, language: Language) -> str:
    return "\n".join(textwrap.wrap(_plain_label(name, language), LINE_LENGTH))


def _plain_label(name: str, language: Language) -> str:
    return str(getattr(FEATURES[name], language.code))


def _with_unit(name: str, language: Language) -> str:
    unit, label = FEATURES[name].unit, _label(name, language)
    return label if unit in ("share", "%", "yes/no") else f"{label} ({language.say(UNITS[unit])})"


def _told_beeswarm(taken: Sample, figures: Sequence[str], weights: Mapping[str, float], language: Language) -> str:
    told = [
        language.say(_direction(taken, name), label=_plain_label(name, language), weight=share(weights[name], language))
        for name in figures[:TOLD]
    ]
    return language.say(
        "What each of the {count} heaviest figures adds to the risk, one dot per firm and month. The heaviest: "
        "{figures}.",
        count=str(len(figures)),
        figures=language.say("; ").join(told),
    )


def _direction(taken: Sample, name: str) -> str:
    """The message that tells which way a figure moves the risk as it grows."""
    values, parts = taken.values[name], taken.contributions[name]
    is_flat = values.nunique() < 2 or parts[values.notna()].nunique() < 2
    correlation = 0.0 if is_flat else values.corr(parts, method="spearman")
    if correlation >= CLEAR:
        return "{label} ({weight} of the weight; high values raise the risk)"
    if correlation <= -CLEAR:
        return "{label} ({weight} of the weight; high values lower the risk)"
    return "{label} ({weight} of the weight; no single direction)"


def _told_themes(weights: Mapping[str, float], language: Language) -> str:
    told = (f"{language.say(THEME_WORDS[name])} {share(weight, language)}" for name, weight in weights.items())
    return language.say("Weight of each theme in the risk: {themes}.", themes=", ".join(told))


def _told_dependence(taken: Sample, figures: Sequence[str], language: Language) -> str:
    told = []
    for name in figures:
        values, parts = taken.values[name], taken.contributions[name]
        low, high = parts[values <= values.quantile(0.1)].mean(), parts[values >= values.quantile(0.9)].mean()
        told.append(
            language.say(
                "{label}: {low} at its lowest values, {high} at its highest",
                label=_plain_label(name, language),
                low=_signed(low, language),
                high=_signed(high, language),
            )
        )
    return language.say(
        "What the heaviest figures add to the risk at each of their values, on average, in log-odds: {figures}.",
        figures=language.say("; ").join(told),
    )
