"""The words of insolvency procedures, whatever the source: actions, stages of an action, states of a firm.

Plain constants, which every floor may import without loading an engine.
"""

from typing import Final

LIQUIDATION: Final = "liquidation"
REDRESSEMENT: Final = "redressement"
SAUVEGARDE: Final = "sauvegarde"
# The most severe first.
ACTIONS: Final = (LIQUIDATION, REDRESSEMENT, SAUVEGARDE)
# For a retracted judgement whose notice does not name the procedure that it had opened.
ANY_ACTION: Final = "any"

OPENING: Final = "opening"
PLAN: Final = "plan"
# A plan is amended: it goes on, but its ten years don't begin again (Code de commerce, L626-12 and L626-26).
AMENDMENT: Final = "amendment"
END: Final = "end"
# Stages of one action on one day, in the only order in which they can have happened.
STAGES: Final = (OPENING, PLAN, AMENDMENT, END)
# The stage of a record that says nothing about the firm's state: it is staged, and no state is made from it.
IGNORED: Final = "ignored"

IN_BONIS: Final = "in_bonis"
PLAN_REDRESSEMENT: Final = "plan_redressement"
PLAN_SAUVEGARDE: Final = "plan_sauvegarde"
# From the mildest to the most severe: liquidation > redressement > sauvegarde.
STATES: Final = (IN_BONIS, PLAN_SAUVEGARDE, SAUVEGARDE, PLAN_REDRESSEMENT, REDRESSEMENT, LIQUIDATION)
