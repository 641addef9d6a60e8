"""What the court decided, by the nature of its notice: the vocabulary of the BODACC, without accents, in lower case.

A nature gives decisions, each an action and a stage: several where one procedure turns into another, none where it says
nothing about the firm's state. Natures outside this vocabulary are counted and listed at ingestion, never guessed.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.insolvency import (
    ACTIONS,
    AMENDMENT,
    ANY_ACTION,
    END,
    LIQUIDATION,
    OPENING,
    PLAN,
    REDRESSEMENT,
    SAUVEGARDE,
)

Decision = tuple[str, str]


def _each(natures: str, *decisions: Decision) -> dict[str, tuple[Decision, ...]]:
    return {nature.strip(): decisions for nature in natures.strip().splitlines()}


NATURES: Final[dict[str, tuple[Decision, ...]]] = {
    **_each(
        """
        jugement d'ouverture de liquidation judiciaire
        jugement d'extension de liquidation judiciaire
        jugement de reprise de la procedure de liquidation judiciaire
        """,
        (LIQUIDATION, OPENING),
    ),
    **_each(
        """
        jugement d'ouverture d'une procedure de redressement judiciaire
        jugement d'extension d'une procedure de redressement judiciaire
        """,
        (REDRESSEMENT, OPENING),
    ),
    **_each(
        """
        jugement d'ouverture d'une procedure de sauvegarde
        jugement d'ouverture d'une procedure de sauvegarde acceleree
        jugement d'ouverture d'une procedure de sauvegarde financiere acceleree
        jugement d'extension d'une procedure de sauvegarde
        """,
        (SAUVEGARDE, OPENING),
    ),
    # A conversion also ends the former procedure, which must not come back when the new one is closed.
    **_each(
        "jugement de conversion en liquidation judiciaire",
        (LIQUIDATION, OPENING),
        (REDRESSEMENT, END),
        (SAUVEGARDE, END),
    ),
    **_each(
        """
        jugement prononcant la resolution du plan de cession et la liquidation judiciaire
        jugement prononcant la resolution du plan de redressement et la liquidation judiciaire
        """,
        (LIQUIDATION, OPENING),
        (REDRESSEMENT, END),
    ),
    **_each(
        """
        jugement de conversion en liquidation judiciaire de la procedure de sauvegarde
        jugement de conversion en liquidation judiciaire de la procedure de sauvegarde financiere acceleree
        jugement prononcant la resolution du plan de sauvegarde et la liquidation judiciaire
        jugement prononcant la resolution du plan de sauvegarde acceleree et la liquidation judiciaire
        jugement prononcant la resolution du plan de sauvegarde financiere acceleree et la liquidation judiciaire
        """,
        (LIQUIDATION, OPENING),
        (SAUVEGARDE, END),
    ),
    **_each(
        """
        jugement de conversion en redressement judiciaire de la procedure de sauvegarde
        jugement de conversion en redressement judiciaire de la procedure de sauvegarde financiere acceleree
        jugement prononcant la resolution du plan de sauvegarde et le redressement judiciaire
        jugement prononcant la resolution du plan de sauvegarde financiere acceleree et le redressement judiciaire
        """,
        (REDRESSEMENT, OPENING),
        (SAUVEGARDE, END),
    ),
    **_each("jugement de plan de redressement", (REDRESSEMENT, PLAN)),
    **_each(
        """
        jugement arretant le plan de sauvegarde
        jugement arretant le plan de sauvegarde acceleree
        jugement arretant le plan de sauvegarde financiere acceleree
        """,
        (SAUVEGARDE, PLAN),
    ),
    **_each(
        """
        jugement modifiant le plan de continuation
        jugement modifiant le plan de redressement
        """,
        (REDRESSEMENT, AMENDMENT),
    ),
    **_each(
        """
        jugement modifiant le plan de sauvegarde
        jugement modifiant le plan de sauvegarde financiere acceleree
        """,
        (SAUVEGARDE, AMENDMENT),
    ),
    **_each(
        """
        jugement mettant fin a la procedure de redressement judiciaire
        jugement prononcant la resolution du plan de redressement
        """,
        (REDRESSEMENT, END),
    ),
    **_each(
        """
        jugement de cloture de la procedure de sauvegarde
        jugement mettant fin a la procedure de sauvegarde
        jugement mettant fin a la procedure de sauvegarde acceleree
        jugement mettant fin a la procedure de sauvegarde financiere acceleree
        jugement prononcant la resolution du plan de sauvegarde
        """,
        (SAUVEGARDE, END),
    ),
    # A closing does not name the procedure: whatever was open ends.
    **_each(
        """
        autre jugement de cloture
        jugement de cloture de la liquidation des biens pour extinction du passif
        jugement de cloture de la liquidation des biens pour insuffisance d'actif
        jugement de cloture pour extinction du passif
        jugement de cloture pour insuffisance d'actif
        jugement de cloture pour insuffisance d'actif et autorisant la reprise des poursuites individuelles
        """,
        *((action, END) for action in ACTIONS),
    ),
    # Deposits and lists of claims.
    **_each(
        """
        autre avis de depot
        autres avis de depot
        depot de l'etat de collocation
        depot de l'etat des creances
        depot de l'etat des creances et du projet de repartition
        depot de l'etat des creances loi de 1985
        depot du projet de repartition
        jugement accordant un delai pour deposer la liste des creances
        liste des creances nees apres le jugement d'ouverture d'une procedure de liquidation judiciaire
        liste des creances nees apres le jugement d'ouverture d'une procedure de redressement judiciaire
        ordonnance statuant sur les contestations du projet de repartition
        """
    ),
    # Court-appointed persons and dates, in a procedure that another notice opened.
    **_each(
        """
        jugement de designation des organes de la procedure
        jugement modifiant la date de cessation des paiements
        """
    ),
    # After the sale of the business, the debtor stays in its procedure until that is closed.
    **_each(
        """
        jugement arretant un plan de cession
        jugement modifiant le plan de cession
        jugement prononcant la resolution du plan de cession
        """
    ),
    # Sanctions, and the rights of creditors after a procedure is closed.
    **_each(
        """
        jugement autorisant la reprise des poursuites individuelles des creanciers
        jugement d'interdiction de gerer
        jugement d'interdiction de gerer loi de 1985
        jugement de faillite personnelle
        jugement de faillite personnelle loi de 1985
        """
    ),
    # Not collective procedures: amicable agreements, debts of individuals, the law of 1967.
    **_each(
        """
        autre jugement de liquidation des biens
        jugement d'homologation de l'accord
        jugement de resolution de l'accord homologue
        jugement prononcant la cloture de la procedure de retablissement professionnel
        """
    ),
    # Too vague to say which procedure they concern, even where they overturn a decision.
    **_each(
        """
        arret de la cour d'appel infirmant une decision soumise a publicite
        arrets divers
        autre arret de la cour d'appel
        autre jugement et ordonnance
        autres jugements et ordonnances
        """
    ),
}

# They open the procedure that is named in the complement of the judgement.
GENERIC: Final = ("jugement d'ouverture", "autre jugement d'ouverture", "autre jugement prononcant")

# They retract an opening: of that action; None where only the notice that is named can tell.
RETRACTIONS: Final[dict[str, str | None]] = {
    "retractation de jugement d'ouverture sur tierce opposition": ANY_ACTION,
    "retractation de prononce de liquidation judiciaire sur tierce opposition": LIQUIDATION,
    "retractation de prononce de redressement judiciaire sur tierce opposition": REDRESSEMENT,
    "autre retractation sur tierce opposition": None,
}

IGNORED_FAMILIES: Final = ("avis de depot", "loi de 1967")

CLOSING: Final = "jugement de cloture pour insuffisance d'actif"

# In a complement: a procedure named with its plan, its closing or its end is not opened.
_NOT_OPENED = rf"\b(plan|cloture|fin)( \S+){{0,4}}? (cession|continuation|{'|'.join(ACTIONS)})"
_CLOSED = r"^(jugement )?(prononce |prononcant |de )?(la )?cloture .*(insuffisance|extinction)"
_SANCTIONED = "interdiction de gerer|faillite personnelle"


def decisions() -> ir.Table:
    """(nature, action, stage): one row per nature and decision, for the natures that decide something."""
    rows = [(nature, *decision) for nature, decided in NATURES.items() for decision in decided]
    rows += [(opened(action), action, OPENING) for action in ACTIONS]
    return ibis.memtable(rows, columns=["nature", "action", "stage"])


def opened(action: str) -> str:
    """The nature that replaces a generic one whose complement names the procedure."""
    return f"jugement d'ouverture: {action}"


def named_in(complement: ir.StringValue) -> ir.StringValue:
    """The nature that replaces a generic one, from its complement (as `plain` gives); null where that does not tell.

    The most severe procedure named is the one that opens. The complement can also announce a closing.
    """
    named = complement.re_replace(_NOT_OPENED, "")
    is_sanction = complement.re_search(_SANCTIONED)
    return ibis.cases(
        (complement.re_search(_CLOSED), CLOSING),
        *((named.contains(action) & ~is_sanction, opened(action)) for action in ACTIONS),
        else_=ibis.null("string"),
    )
