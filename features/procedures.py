"""Insolvency procedures of both sources as one list of events, and the state that they put each firm in.

A state holds from a day on: as it was known (late, and wrong until corrected), or as it truly was (labels only).
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.days import first_period, months_after
from features.errors import InputError
from features.sources.urssaf_procedures import (
    AMENDMENT,
    ANY_ACTION,
    END,
    LIQUIDATION,
    OPENING,
    PLAN,
    REDRESSEMENT,
    SAUVEGARDE,
)

IN_BONIS: Final = "in_bonis"
PLAN_REDRESSEMENT: Final = "plan_redressement"
PLAN_SAUVEGARDE: Final = "plan_sauvegarde"
# From the lightest to the gravest: liquidation > redressement > sauvegarde.
STATES: Final = (IN_BONIS, PLAN_SAUVEGARDE, SAUVEGARDE, PLAN_REDRESSEMENT, REDRESSEMENT, LIQUIDATION)
# Events of one action on one day, in the order in which they can only have happened.
STAGES: Final = (OPENING, PLAN, AMENDMENT, END)
# A plan lasts 10 years at most (Code de commerce, L626-12).
PLAN_MONTHS: Final = 120

EVENT: Final = ("siren", "action", "stage", "effective_on", "known_at", "withdrawn_at")


def procedures(urssaf_procedures: ir.Table | None, bodacc: ir.Table | None) -> ir.Table:
    """One row an event of a firm's procedure: siren, action, stage, effective_on, known_at, withdrawn_at.

    urssaf_procedures, bodacc: staged tables, None where a source was never delivered.
    withdrawn_at: the day on which a correction that removes the event was known, null where it stands.
    Raises InputError where there is neither source.
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
        events = _less_retracted(events, bodacc)
    return events.group_by(*EVENT[:4], "withdrawn_at").aggregate(known_at=events.known_at.min()).select(*EVENT)


def _of_urssaf(staged: ir.Table) -> ir.Table:
    events = staged.filter(staged.stage.isin(STAGES)).mutate(withdrawn_at=ibis.null("date"), notice=ibis.null("string"))
    return events.select(*EVENT, "notice").distinct()


def _of_bodacc(staged: ir.Table) -> ir.Table:
    """The notices' events; each is withdrawn by the first that names it, a correction also by the next of the same."""
    corrections = staged.filter(staged.corrects.notnull()).select("notice", "corrects", "known_at").distinct()
    by_name = corrections.group_by(notice=corrections.corrects).aggregate(named_at=corrections.known_at.min())
    in_turn = ibis.window(group_by="corrects", order_by=["known_at", "notice"])
    successors = corrections.mutate(replaced_at=corrections.known_at.lead().over(in_turn)).drop("known_at", "corrects")
    events = staged.filter(staged.stage.isin(STAGES) & staged.siren.notnull())
    events = events.left_join(by_name, "notice").drop("notice_right").left_join(successors, "notice")
    return (
        events.mutate(withdrawn_at=_earliest(events.named_at, events.replaced_at)).select(*EVENT, "notice").distinct()
    )


def _less_retracted(events: ir.Table, bodacc: ir.Table) -> ir.Table:
    """Withdraw what a retracted judgement decided, in both sources: the events of its firm on its day.

    The judgement is the one of the notice that the retraction names, else the firm's newest opening known before it.
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
    ).mutate(is_named=(pairs.notice == pairs.corrects).fill_null(False))
    nearest = ibis.window(group_by=["siren", "retraction"], order_by=[ibis.desc("is_named"), ibis.desc("effective_on")])
    judgements = pairs.mutate(place=ibis.row_number().over(nearest)).filter(ibis._.place == 0)
    judgements = judgements.group_by("siren", "effective_on").aggregate(retracted_at=judgements.retracted_at.min())
    rows = events.left_join(judgements, ["siren", "effective_on"])
    return rows.mutate(withdrawn_at=_earliest(rows.withdrawn_at, rows.retracted_at)).select(*EVENT)


def _earliest(day: ir.DateValue, other: ir.DateValue) -> ir.DateValue:
    return ibis.least(day.fill_null(other), other.fill_null(day))


def states(events: ir.Table) -> ir.Table:
    """(siren, at, state): the state of each firm from the day `at` on, as known; one row a change, in bonis before.

    events: as `procedures` gives. For each action its newest stage known counts, unless it is an end or a plan of more
    than 10 years; of what remains, the gravest.
    """
    points = _days_of_change(events)
    known = points.inner_join(events, "siren")
    known = known.mutate(
        is_visible=(known.known_at <= known.at) & (known.withdrawn_at.isnull() | (known.withdrawn_at > known.at))
    )
    newest = known.mutate(place=ibis.row_number().over(_newest_first()), adopted_on=_adopted_on(known))
    newest = newest.filter(newest.place == 0)
    gravity = newest.mutate(gravity=newest.is_visible.ifelse(_gravity(newest), 0))
    reached = gravity.group_by("siren", "at").aggregate(gravity=gravity.gravity.max())
    before = reached.gravity.lag(1, default=0).over(ibis.window(group_by="siren", order_by="at"))
    changes = reached.mutate(before=before).filter(ibis._.gravity != ibis._.before)
    return changes.select("siren", "at", state=changes.gravity.cases(*enumerate(STATES)))


def true_states(events: ir.Table) -> ir.Table:
    """(siren, at, state): the state of each firm by the procedures' own dates, corrections applied. For labels only."""
    return states(true_events(events))


def true_events(events: ir.Table) -> ir.Table:
    """The events that were never withdrawn, each known on its own day."""
    return events.filter(events.withdrawn_at.isnull()).mutate(known_at=events.effective_on)


def _days_of_change(events: ir.Table) -> ir.Table:
    """(siren, at): when something became known, was withdrawn, or a plan reaches its end."""
    plans = events.filter(events.stage.isin([PLAN, AMENDMENT]))
    days = ibis.union(
        events.select("siren", at=events.known_at),
        events.select("siren", at=events.withdrawn_at),
        plans.select("siren", at=months_after(plans.effective_on, PLAN_MONTHS)),
        distinct=True,
    )
    return days.filter(days["at"].notnull())


def _newest_first() -> ibis.expr.builders.WindowBuilder:
    order = ibis._.stage.cases(*((stage, place) for place, stage in enumerate(STAGES)))
    return ibis.window(
        group_by=["siren", "at", "action"],
        order_by=[ibis.desc("is_visible"), ibis.desc("effective_on"), ibis.desc(order)],
    )


def _adopted_on(known: ir.Table) -> ir.DateValue:
    """When the plan that runs was adopted: by its newest judgement known, else its amendment's."""
    plan_on = (known.is_visible & (known.stage == PLAN)).ifelse(known.effective_on, ibis.null("date"))
    return plan_on.max().over(ibis.window(group_by=["siren", "at", "action"])).fill_null(known.effective_on)


def _gravity(newest: ir.Table) -> ir.IntegerValue:
    """The rank in `STATES` that an action's newest stage amounts to."""
    is_plan = newest.stage.isin([PLAN, AMENDMENT])
    is_over = (newest.stage == END) | (is_plan & (newest["at"] >= months_after(newest.adopted_on, PLAN_MONTHS)))
    by_stage = {
        action: is_plan.ifelse(STATES.index(in_plan), STATES.index(action))
        for action, in_plan in ((REDRESSEMENT, PLAN_REDRESSEMENT), (SAUVEGARDE, PLAN_SAUVEGARDE))
    }
    return is_over.ifelse(0, newest.action.cases((LIQUIDATION, STATES.index(LIQUIDATION)), *by_stage.items(), else_=0))


def state_at(grid: ir.Table, states: ir.Table) -> ir.Table:
    """(siren, period, state): the state of each firm at each period, `in_bonis` where nothing is known.

    grid: one row a firm and month, months of a firm in an unbroken run.
    A change counts from the first period on or after its day, or from the firm's first row where that is later.
    """
    grid = grid.select("siren", "period")
    # Few firms ever change state: only their rows are carried forward.
    rows = grid.semi_join(states, "siren")
    changes = states.inner_join(rows.group_by("siren").aggregate(first=rows.period.min()), "siren")
    changes = changes.mutate(period=ibis.greatest(first_period(changes["at"]), changes["first"]))
    arrived = changes.group_by("siren", "period").aggregate(arrived=changes["at"].max())
    rows = rows.left_join(arrived, ["siren", "period"]).select("siren", "period", "arrived")
    so_far = ibis.window(group_by="siren", order_by="period", preceding=None, following=0)
    rows = rows.mutate(since=rows.arrived.max().over(so_far))
    since = states.select("siren", "state", since="at")
    reached = rows.inner_join(since, ["siren", "since"]).select("siren", "period", "state")
    held = grid.left_join(reached, ["siren", "period"])
    return held.select("siren", "period", state=held.state.fill_null(IN_BONIS))
