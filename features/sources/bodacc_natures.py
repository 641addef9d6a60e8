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


OUT_OF_CRISIS: Final = (
    "jugement mettant fin a la procedure de traitement de sortie de crise et ouvrant une procedure de"
)
NATURES: Final[dict[str, tuple[Decision, ...]]] = {
    **_each(
        """
        jugement d'ouverture de liquidation judiciaire
        jugement prononcant la liquidation judiciaire
        jugement d'extension de liquidation judiciaire
        jugement de reprise de la procedure de liquidation judiciaire
        """,
        (LIQUIDATION, OPENING),
    ),
    **_each(
        """
        jugement d'ouverture d'une procedure de redressement judiciaire
        jugement d'extension d'une procedure de redressement judiciaire
        jugement d'ouverture d'une procedure de traitement de sortie de crise
        jugement prononcant la resolution du plan de traitement de sortie de crise et le redressement judiciaire
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
    # The "traitement de sortie de crise" (law of 31 May 2021) is a redressement of small firms.
    f"{OUT_OF_CRISIS} redressement judiciaire": ((REDRESSEMENT, OPENING),),
    f"{OUT_OF_CRISIS} liquidation judiciaire": ((LIQUIDATION, OPENING), (REDRESSEMENT, END)),
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
        jugement prononcant la resolution du plan de traitement de sortie de crise et la liquidation judiciaire
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
    **_each(
        """
        jugement arretant le plan de redressement
        jugement de plan de redressement
        jugement de plan de traitement de sortie de crise
        """,
        (REDRESSEMENT, PLAN),
    ),
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
}

# They say nothing, or not all, by themselves: their meaning is in the complement of the judgement. Each with the act
# that it puts before that text ("Autre jugement prononçant" - "la liquidation judiciaire"), "" for none.
CATCH_ALL: Final[dict[str, str]] = {
    "jugement d'ouverture": "open",
    "autre jugement d'ouverture": "open",
    "autre jugement prononcant": "pronounce",
    "jugement prononcant": "pronounce",
    "autre jugement de cloture": "close",
    "jugement de cloture": "close",
    "autre jugement et ordonnance": "",
    "autres jugements et ordonnances": "",
    "extrait de jugement": "",
    "arret de la cour d'appel infirmant une decision soumise a publicite": "overturn",
    "autre arret de la cour d'appel": "",
    "arret de la cour d'appel": "",
    "arrets divers": "",
    "autre retractation sur tierce opposition": "overturn",
    "retractation sur tierce opposition": "overturn",
}

# They retract an opening: of that action, or of whichever the judgement had opened.
RETRACTIONS: Final[dict[str, str]] = {
    "retractation de jugement d'ouverture sur tierce opposition": ANY_ACTION,
    "retractation de prononce de liquidation judiciaire sur tierce opposition": LIQUIDATION,
    "retractation de prononce de redressement judiciaire sur tierce opposition": REDRESSEMENT,
}

IGNORED_FAMILIES: Final = ("avis de depot", "loi de 1967")

# A nature that is neither in the vocabulary nor a catch-all, but whose words tell of a decision, is held back.
TELLING: Final = r"liquidation judiciaire|redressement judiciaire|sauvegarde|cloture|\bplan\b|sortie de crise"


def decisions() -> ir.Table:
    """(nature, decided): for each nature of the vocabulary the decisions, each as "action stage"; none for some."""
    # Not at the top: the application's pages import the sources, and read no file.
    import pyarrow as pa

    rows = {nature: [" ".join(decision) for decision in decided] for nature, decided in NATURES.items()}
    columns = {"nature": list(rows), "decided": list(rows.values())}
    return ibis.memtable(pa.table(columns, schema=pa.schema({"nature": pa.string(), "decided": pa.list_(pa.string())})))
