"""Insolvency procedures: the events of both sources as one list, and the state of each firm over time.

There are two histories of states: as known at the time (late, and wrong until a correction was published), for
features; and as they truly were, for labels only.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.days import first_period, months_after
from features.errors import InputError
from features.insolvency import (
    AMENDMENT,
    ANY_ACTION,
    END,
    IN_BONIS,
    LIQUIDATION,
    OPENING,
    PLAN,
    PLAN_REDRESSEMENT,
    PLAN_SAUVEGARDE,
    REDRESSEMENT,
    SAUVEGARDE,
    STAGES,
    STATES,
)
from features.windows import first_of_each, so_far

# A plan lasts 10 years at most (Code de commerce, L626-12).
PLAN_MONTHS: Final = 120

EVENT: Final = ("siren", "action", "stage", "effective_on", "known_at", "withdrawn_at")


def procedures(urssaf_procedures: ir.Table | None, bodacc: ir.Table | None) -> ir.Table:
    """One row per event of a firm's procedure: siren, action, stage, effective_on, known_at, withdrawn_at.

    urssaf_procedures, bodacc: staged tables, None where a source was never delivered.
    withdrawn_at: the day on which a correction that removes the event became known, null where none did.
    Raises InputError where both sources are missing.
    """
    parts = []
    if urssaf_procedures is not None:
        parts.append(_of_urssaf(urssaf_procedures))
    if bodacc is not None:
        parts.append(_of_bodacc(bodacc))
    if not parts:
        raise InputError("There is no insolvency procedure to read. Ingest sigfaible_pcoll.csv or a BODACC export.")
    events = ibis.union(*parts) if len(parts) > 1 else parts[0]
    if bodacc is not None:
        events = _with_retractions(events, bodacc)
    return events.group_by(*EVENT[:4], "withdrawn_at").aggregate(known_at=events.known_at.min()).select(*EVENT)


def undecided(bodacc: ir.Table) -> ir.Table:
    """(siren, notice, known_at, nature, text): the notices that may change a firm's state, held back as uncertain."""
    rows = bodacc.filter(bodacc.undecided_nature.notnull() & bodacc.siren.notnull())
    return rows.select("siren", "notice", "known_at", nature="undecided_nature", text="undecided_text").distinct()


def _of_urssaf(staged: ir.Table) -> ir.Table:
    events = staged.filter(staged.stage.isin(STAGES)).mutate(withdrawn_at=ibis.null("date"), notice=ibis.null("string"))
    return events.select(*EVENT, "notice").distinct()


def _of_bodacc(staged: ir.Table) -> ir.Table:
    """The events of the notices, with the day on which each was withdrawn.

    A notice is withdrawn by the first later notice that corrects it. A correction is also withdrawn by the next
    correction of the same notice.
    """
    corrections = staged.filter(staged.corrects.notnull()).select("notice", "corrects", "known_at").distinct()
    by_name = corrections.group_by(notice=corrections.corrects).aggregate(named_at=corrections.known_at.min())
    in_turn = ibis.window(group_by="corrects", order_by=["known_at", "notice"])
    successors = corrections.mutate(replaced_at=corrections.known_at.lead().over(in_turn)).drop("known_at", "corrects")
    events = staged.filter(staged.stage.isin(STAGES) & staged.siren.notnull())
    events = events.left_join(by_name, "notice").drop("notice_right").left_join(successors, "notice")
    return (
        events.mutate(withdrawn_at=_earliest(events.named_at, events.replaced_at)).select(*EVENT, "notice").distinct()
    )


def _with_retractions(events: ir.Table, bodacc: ir.Table) -> ir.Table:
    """Withdraw the events of retracted judgements, in both sources: all events of the same firm and day.

    The judgement is that of the notice which the retraction names, else the firm's newest opening known before it.
    """
    retractions = bodacc.filter(bodacc.retracts.notnull()).select(
        "siren", "retracts", "corrects", retraction="notice", retracted_at="known_at", before="effective_on"
    )
    openings = events.filter(events.stage == OPENING).select("siren", "action", "effective_on", "known_at", "notice")
    pairs = retractions.inner_join(openings, "siren")
    pairs = pairs.filter(
        pairs.retracts.isin([pairs.action, ANY_ACTION])
        & (pairs.effective_on <= pairs.before)
        & (pairs.known_at <= pairs.retracted_at)
        # A ruling on appeal undoes a judgement and may open another procedure: it does not undo its own.
        & (pairs.notice != pairs.retraction).fill_null(True)
    ).mutate(is_named=(pairs.notice == pairs.corrects).fill_null(False))
    nearest = [ibis.desc("is_named"), ibis.desc("effective_on")]
    judgements = first_of_each(pairs, ["siren", "retraction"], nearest)
    judgements = judgements.group_by("siren", "effective_on").aggregate(retracted_at=judgements.retracted_at.min())
    rows = events.left_join(judgements, ["siren", "effective_on"])
    return rows.mutate(withdrawn_at=_earliest(rows.withdrawn_at, rows.retracted_at)).select(*EVENT)


def _earliest(day: ir.DateValue, other: ir.DateValue) -> ir.DateValue:
    return ibis.least(day.fill_null(other), other.fill_null(day))


def states(events: ir.Table) -> ir.Table:
    """(siren, at, state): the state of each firm from the day `at` on, as known that day; one row per change.

    events: as `procedures` gives. Before its first row a firm is in bonis. The newest known stage of each action
    counts, unless it is an end, or a plan that is more than 10 years old. Of the actions that remain, the most severe
    gives the state.
    """
    points = _days_of_change(events)
    known = points.inner_join(events, "siren")
    known = known.mutate(
        is_visible=(known.known_at <= known.at) & (known.withdrawn_at.isnull() | (known.withdrawn_at > known.at))
    )
    known = known.mutate(adopted_on=_adopted_on(known))
    newest = first_of_each(known, ["siren", "at", "action"], _newest_first())
    severity = newest.mutate(severity=newest.is_visible.ifelse(_severity(newest), 0))
    reached = severity.group_by("siren", "at").aggregate(severity=severity.severity.max())
    before = reached.severity.lag(1, default=0).over(ibis.window(group_by="siren", order_by="at"))
    changes = reached.mutate(before=before).filter(ibis._.severity != ibis._.before)
    return changes.select("siren", "at", state=changes.severity.cases(*enumerate(STATES)))


def true_states(events: ir.Table) -> ir.Table:
    """(siren, at, state): the true state of each firm, by the dates of the judgements. For labels only."""
    return states(true_events(events))


def true_events(events: ir.Table) -> ir.Table:
    """The events that were never withdrawn, each as if it had been known on its own day."""
    return events.filter(events.withdrawn_at.isnull()).mutate(known_at=events.effective_on)


def _days_of_change(events: ir.Table) -> ir.Table:
    """(siren, at): the days on which an event became known or was withdrawn, or a plan reached its term."""
    plans = events.filter(events.stage.isin([PLAN, AMENDMENT]))
    days = ibis.union(
        events.select("siren", at=events.known_at),
        events.select("siren", at=events.withdrawn_at),
        plans.select("siren", at=months_after(plans.effective_on, PLAN_MONTHS)),
        distinct=True,
    )
    return days.filter(days["at"].notnull())


def _newest_first() -> list[ir.Value]:
    order = ibis._.stage.cases(*((stage, place) for place, stage in enumerate(STAGES)))
    return [ibis.desc("is_visible"), ibis.desc("effective_on"), ibis.desc(order)]


def _adopted_on(known: ir.Table) -> ir.DateValue:
    """The day on which the current plan was adopted: that of its newest known judgement, else of its amendment."""
    plan_on = (known.is_visible & (known.stage == PLAN)).ifelse(known.effective_on, ibis.null("date"))
    return plan_on.max().over(ibis.window(group_by=["siren", "at", "action"])).fill_null(known.effective_on)


def _severity(newest: ir.Table) -> ir.IntegerValue:
    """The rank in `STATES` of the state that follows from an action's newest stage."""
    is_plan = newest.stage.isin([PLAN, AMENDMENT])
    is_over = (newest.stage == END) | (is_plan & (newest["at"] >= months_after(newest.adopted_on, PLAN_MONTHS)))
    by_stage = {
        action: is_plan.ifelse(STATES.index(in_plan), STATES.index(action))
        for action, in_plan in ((REDRESSEMENT, PLAN_REDRESSEMENT), (SAUVEGARDE, PLAN_SAUVEGARDE))
    }
    return is_over.ifelse(0, newest.action.cases((LIQUIDATION, STATES.index(LIQUIDATION)), *by_stage.items(), else_=0))


def state_at(grid: ir.Table, states: ir.Table) -> ir.Table:
    """(siren, period, state): the state of each firm at each period, `in_bonis` where no procedure is known.

    grid: one row per firm and month, without a gap. states: (siren, at, state), as `states` gives.
    A change counts from the first period on or after its day, or from the firm's first row where that is later.
    """
    grid = grid.select("siren", "period")
    # Few firms ever change state: only their rows are worked on.
    rows = grid.semi_join(states, "siren")
    changes = states.inner_join(rows.group_by("siren").aggregate(first=rows.period.min()), "siren")
    changes = changes.mutate(period=ibis.greatest(first_period(changes["at"]), changes["first"]))
    arrived = changes.group_by("siren", "period").aggregate(arrived=changes["at"].max())
    rows = rows.left_join(arrived, ["siren", "period"]).select("siren", "period", "arrived")
    rows = rows.mutate(since=rows.arrived.max().over(so_far()))
    since = states.select("siren", "state", since="at")
    reached = rows.inner_join(since, ["siren", "since"]).select("siren", "period", "state")
    held = grid.left_join(reached, ["siren", "period"])
    return held.select("siren", "period", state=held.state.fill_null(IN_BONIS))
