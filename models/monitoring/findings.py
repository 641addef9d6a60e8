"""What is wrong with the inputs and alerts of a period, compared with training and the last list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from features.assemble import CATALOG
from features.checked import DATED_LATER, FAILURES, RATIOS, REPEATED_KEYS, UNKNOWN_FIRMS, YEARLY_SUM, Checked
from models.monitoring.drift import Drift
from models.monitoring.limits import Limits
from models.monitoring.realised import ALL, Realised
from models.monitoring.records import STOP, TITLES, WARNING, Finding, Level, Values
from models.monitoring.volumes import Published, volumes

ROOTS: Final = {feature.name: feature.root for feature in CATALOG}
SOURCES_OF: Final = {feature.name: feature.sources for feature in CATALOG}

# The messages of findings. Values are filled in by `Finding.sentence`, and by the reports in the reader's language.
EMPTY_SOURCE = (
    "No firm has any figure from this source: its {feature_count} features are all unknown or 0. At training they were "
    "not."
)
CONSTANT = "All firms have the same value; judging from the training data, {firm_count} firms should have another one."
MISSING = "Unknown for {now_share} of the firms; at training, for {then_share}."
DRIFTED = "Its distribution differs from that of training: population stability index {psi}, above {limit}."
MANY_DRIFTED = "{now_share} of the features differ from training (population stability index above {limit})."
SCORE_DRIFTED = "Scores differ from those of the test months: population stability index {psi}, above {limit}."
GONE = "{gone_share} of the {firm_count} firms of {month} are no longer in scope."
ALERTS_JUMPED = "{now_count} firms are on alert; in {month} there were {before_count}."
VOLUME_JUMPED = "{now_count} firms on alert; {before_count} in {month}."
MISCALIBRATED = (
    "Of the firms on the list of {month}, {failure_count} have failed so far; its probabilities predicted {expected}."
)
UNDECIDED = (
    "{firm_count} firms ({undecided_share} of those with a procedure) have a notice that may change their state and "
    "can't be read with certainty: features/undecided.parquet tells which."
)
UNREADABLE = (
    "{file} of {month} can't be read, and is left out of what is compared. Restore it from a back-up, or make it anew: "
    "weaksignals score --period {month}"
)
NO_REFERENCE = "The model {model_id} recorded nothing to compare new data with. Train a new model to measure drift."
OF_CHECKS: Final = {
    UNKNOWN_FIRMS: "{now_share} of the firms that it tells of are not in the register of legal units.",
    DATED_LATER: "{now_share} of its records are dated after the newest delivery.",
    REPEATED_KEYS: "{now_share} of its lines name what another line names.",
    YEARLY_SUM: "What adds up over {month} is {ratio} times that of the same month of the year before.",
    FAILURES: "In the last year whose outcomes are known, firms failed {ratio} times as often as in the year before.",
}
BEYOND_POLICY = "{now_count} firms are on alert; the policy allows {most_count}."
MESSAGES: Final = (
    *OF_CHECKS.values(),
    *(EMPTY_SOURCE, CONSTANT, MISSING, DRIFTED, MANY_DRIFTED, SCORE_DRIFTED, GONE, ALERTS_JUMPED, VOLUME_JUMPED),
    *(MISCALIBRATED, NO_REFERENCE, UNDECIDED, UNREADABLE, BEYOND_POLICY),
)


@dataclass(frozen=True)
class Compared:
    """A period's list, and all that it is compared with.

    drifts, score: None where the model has no reference; score: population stability index, and what chance reaches.
    earlier: the earlier lists, oldest first; previous: the firms of the period before, None where it was not built.
    undecided: firms with a notice that can't be read with certainty, and of how many with a procedure or such a notice.
    damaged: files of earlier lists and scores that can't be read, each with its period. checked: what the tables
    of the build tell of each other. allowed: how many firms the policy lets on alert, None for a list that is
    published already.
    """

    now: Published
    model_id: str
    drifts: tuple[Drift, ...] | None
    score: tuple[float, float] | None
    earlier: Sequence[Published]
    previous: tuple[date, frozenset[str]] | None
    undecided: tuple[int, int] = (0, 0)
    damaged: Sequence[tuple[str, date]] = ()
    checked: Sequence[Checked] = ()
    allowed: int | None = None


def findings(compared: Compared, limits: Limits) -> tuple[Finding, ...]:
    """All findings on the inputs and alerts of a period, stops first."""
    found = [*_on_firms(compared, limits), *_on_procedures(compared.undecided, limits), *_on_alerts(compared, limits)]
    found += [*_on_tables(compared.checked, limits), *_on_policy(compared)]
    for file, month in compared.damaged:
        found.append(Finding(WARNING, "files", UNREADABLE, {"file": file, "month": f"{month:%Y-%m}"}))
    if compared.drifts is None or compared.score is None:
        found.append(Finding(WARNING, "model", NO_REFERENCE, {"model_id": compared.model_id}))
    else:
        found += [*_on_inputs(compared.drifts, limits), *_on_score(compared.score, limits)]
    return tuple(sorted(found, key=lambda finding: finding.level))


def _on_tables(checked: Sequence[Checked], limits: Limits) -> Iterator[Finding]:
    """What the tables tell of each other, where it is beyond a limit."""
    for one in checked:
        level = level_of(one, limits)
        if level:
            values: dict[str, str | int | float] = {"ratio" if one.check in RATIOS else "now_share": one.value}
            if one.month:
                values["month"] = f"{one.month:%Y-%m}"
            yield Finding(level, one.source, OF_CHECKS[one.check], values, f"{one.check}_{level}")


def level_of(one: Checked, limits: Limits) -> Level | None:
    """Whether a figure by which tables are checked against each other is beyond a limit."""
    far = max(one.value, 1 / max(one.value, 1e-9)) if one.check in RATIOS else one.value
    return _level(far, getattr(limits, f"{one.check}_warning"), getattr(limits, f"{one.check}_stop"))


def _on_policy(compared: Compared) -> Iterator[Finding]:
    """More firms on alert than the policy allows: a fault, whatever the limits."""
    if compared.allowed is not None and compared.now.on_alert > compared.allowed:
        values = {"now_count": compared.now.on_alert, "most_count": compared.allowed}
        yield Finding(STOP, "alerts", BEYOND_POLICY, values)


def _level(value: float, warning: float, stop: float) -> Level | None:
    return STOP if value >= stop else WARNING if value >= warning else None


def _on_inputs(drifts: Sequence[Drift], limits: Limits) -> Iterator[Finding]:
    """Empty sources, then what is wrong with the features of the other sources."""
    empty = set(_empty_sources(drifts, limits))
    for source in sorted(empty):
        count = sum(source in SOURCES_OF.get(drift.name, ()) for drift in drifts)
        yield Finding(STOP, source, EMPTY_SOURCE, {"feature_count": count}, "min_expected_firms")
    left = [drift for drift in drifts if not empty & set(SOURCES_OF.get(drift.name, ()))]
    for _, derived in groupby(sorted(left, key=lambda d: _root(d.name)), key=lambda d: _root(d.name)):
        yield from _on_feature(list(derived), limits)
    far = sum(_is_far(drift, limits.psi_stop) for drift in left) / max(len(left), 1)
    if far >= limits.drifted_share_stop:
        values = {"now_share": far, "limit": limits.psi_stop}
        yield Finding(STOP, "features", MANY_DRIFTED, values, "drifted_share_stop")


def _root(name: str) -> str:
    return ROOTS.get(name, name)


def _empty_sources(drifts: Sequence[Drift], limits: Limits) -> Iterator[str]:
    """Sources whose features are all unknown or 0, of those that enough firms should have."""
    for source in TITLES | {"headcounts": ""}:
        wanted = [
            drift
            for drift in drifts
            if source in SOURCES_OF.get(drift.name, ()) and drift.filled_expected >= limits.min_expected_firms
        ]
        if wanted and not any(drift.filled for drift in wanted):
            yield source


def _on_feature(derived: Sequence[Drift], limits: Limits) -> Iterator[Finding]:
    """A feature and the columns derived from it: at most one finding of each kind, on the worst column."""
    constant = [d for d in derived if d.is_constant and d.others_expected >= limits.min_expected_firms]
    if constant:
        worst = max(constant, key=lambda d: d.others_expected)
        yield Finding(STOP, worst.name, CONSTANT, {"firm_count": round(worst.others_expected)}, "min_expected_firms")
    missing = max(derived, key=lambda d: d.missing_now - d.missing_then)
    level = _level(missing.missing_now - missing.missing_then, limits.missing_warning, limits.missing_stop)
    if level:
        values = {"now_share": missing.missing_now, "then_share": missing.missing_then}
        yield Finding(level, missing.name, MISSING, values, f"missing_{level}")
    far = max(derived, key=lambda d: d.psi)
    if _is_far(far, limits.psi_warning) and not constant:
        values = {"psi": far.psi, "limit": limits.psi_warning}
        yield Finding(WARNING, far.name, DRIFTED, values, "psi_warning")


def _is_far(drift: Drift, limit: float) -> bool:
    return drift.psi >= limit and drift.psi > drift.by_chance


def _on_score(score: tuple[float, float], limits: Limits) -> Iterator[Finding]:
    psi, chance = score
    if psi >= limits.psi_warning and psi > chance:
        yield Finding(WARNING, "score", SCORE_DRIFTED, {"psi": psi, "limit": limits.psi_warning}, "psi_warning")


def _on_firms(compared: Compared, limits: Limits) -> Iterator[Finding]:
    """Firms of the last list, or of the last period, that are no longer in scope."""
    before = [(past.period, frozenset(past.firms["siren"])) for past in compared.earlier[-1:]]
    before += [compared.previous] if compared.previous else []
    now = set(compared.now.firms["siren"])
    for period, firms in dict(before).items():
        gone = len(firms - now) / max(len(firms), 1)
        level = _level(gone, limits.gone_warning, limits.gone_stop)
        if level:
            values: Values = {"gone_share": gone, "firm_count": len(firms), "month": f"{period:%Y-%m}"}
            yield Finding(level, "firms", GONE, values, f"gone_{level}")


def _on_procedures(undecided: tuple[int, int], limits: Limits) -> Iterator[Finding]:
    """Firms whose state may be wrong, for a notice was held back."""
    firms, of = undecided
    if firms > limits.undecided_share_stop * of:
        yield Finding(
            STOP, "bodacc", UNDECIDED, {"firm_count": firms, "undecided_share": firms / of}, "undecided_share_stop"
        )


def _on_alerts(compared: Compared, limits: Limits) -> Iterator[Finding]:
    """Alerts compared with the last list: in all, then by département and by sector, where they only ever warn."""
    if not compared.earlier:
        return
    last = compared.earlier[-1]
    level = _jump(compared.now.on_alert, last.on_alert, limits)
    if level:
        yield _jumped(level, "alerts", ALERTS_JUMPED, compared.now.on_alert, last, last.on_alert)
    for by in ("departement", "naf_section"):
        table = volumes(compared.now, compared.earlier, by)
        for code, now, before in zip(table.index, table["alerts"], table["last_alerts"], strict=True):
            if _jump(now, before, limits) == STOP:
                yield _jumped(WARNING, f"{by} {code}", VOLUME_JUMPED, int(now), last, int(before))


def _jump(now: float, before: float, limits: Limits) -> Level | None:
    """Whether the number of alerts rose or fell so much that it is a finding."""
    if abs(now - before) < limits.alerts_least:
        return None
    return _level(max(now, before) / max(min(now, before), 1), limits.alerts_warning, limits.alerts_stop)


def _jumped(level: Level, subject: str, message: str, now: int, last: Published, before: int) -> Finding:
    values: Values = {"now_count": now, "before_count": before, "month": f"{last.period:%Y-%m}"}
    return Finding(level, subject, message, values, f"alerts_{level}")


def calibration_findings(period: date, results: Sequence[Realised], limits: Limits) -> Iterator[Finding]:
    """A past list whose firms fail far more, or far less, than its probabilities said: beyond chance and the limit."""
    for result in results:
        if result.level != ALL or result.ratio is None or result.low is None or result.high is None:
            continue
        is_chance = result.low <= result.probability <= result.high
        beyond = max(result.ratio, 1 / max(result.ratio, 1e-9)) >= limits.calibration_warning
        if beyond and not is_chance:
            values: Values = {
                "month": f"{period:%Y-%m}",
                "failure_count": result.failures,
                "expected": f"{result.expected:.1f}",
            }
            yield Finding(WARNING, "score", MISCALIBRATED, values, "calibration_warning")
