"""The columns of the target list: what each is called and means, and how it is written.

The files of the batch have all of them, under their names. The review application has some of them, and more of its own
(`reports.review.columns`), under their titles.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from models.protocol import SHORTER_HORIZONS
from models.scoring.records import risk_at
from reports.language import Language


class Text(NamedTuple):
    """The same words in both languages."""

    en: str
    fr: str

    def told(self, language: Language) -> str:
        """The words in a language."""
        return self.fr if language.code == "fr" else self.en


class Format(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    RANK = "rank"
    COUNT = "count"
    PERCENT = "percent"
    EUROS = "euros"
    DAY = "day"
    YES_NO = "yes/no"

    @property
    def in_workbook(self) -> str | None:
        """The number format of a workbook, None for the usual one."""
        return {Format.PERCENT: "0.0%", Format.EUROS: "# ##0"}.get(self)

    @property
    def is_number(self) -> bool:
        """Whether values stand at the right of their column."""
        return self in (Format.RANK, Format.COUNT, Format.PERCENT, Format.EUROS)


@dataclass(frozen=True, kw_only=True)
class ListColumn:
    """A column. width: in a workbook, in characters."""

    name: str
    title: Text
    meaning: Text
    format: Format = Format.TEXT
    width: int = 14


_COLUMNS: Final = (
    ListColumn(
        name="rank",
        title=Text("Rank", "Rang"),
        meaning=Text(
            "Place in the list of the whole country, the firm most at risk first; none for a firm in a procedure.",
            "Place dans la liste nationale, l'entreprise la plus à risque en premier ; "
            "aucune pour une entreprise en procédure.",
        ),
        format=Format.RANK,
    ),
    ListColumn(
        name="siren",
        title=Text("SIREN", "SIREN"),
        meaning=Text(
            "Identifier of the firm in the national register.", "Identifiant de l'entreprise au répertoire national."
        ),
    ),
    ListColumn(
        name="name",
        title=Text("Name", "Nom"),
        meaning=Text(
            "Name in the register; left out for people who object to publication.",
            "Nom au répertoire ; omis pour les personnes qui s'opposent à sa publication.",
        ),
        width=36,
    ),
    ListColumn(
        name="departement",
        title=Text("Département", "Département"),
        meaning=Text("Département of the head office.", "Département du siège."),
    ),
    ListColumn(
        name="region",
        title=Text("Region", "Région"),
        meaning=Text("Region of the head office.", "Région du siège."),
        width=22,
    ),
    ListColumn(
        name="naf",
        title=Text("NAF code", "Code NAF"),
        meaning=Text("Code of the main activity.", "Code de l'activité principale."),
    ),
    ListColumn(
        name="activity",
        title=Text("Activity", "Activité"),
        meaning=Text("Main activity in the register (NAF).", "Activité principale au répertoire (NAF)."),
        width=40,
    ),
    ListColumn(
        name="headcount",
        title=Text("Headcount", "Effectif"),
        meaning=Text("Last known number of employees.", "Dernier nombre de salariés connu."),
        format=Format.COUNT,
    ),
    ListColumn(
        name="probability",
        title=Text("Risk", "Risque"),
        meaning=Text(
            "Probability that a first insolvency procedure opens within the horizon of the model.",
            "Probabilité qu'une première procédure collective s'ouvre dans l'horizon du modèle.",
        ),
        format=Format.PERCENT,
    ),
    ListColumn(
        name="alert",
        title=Text("Alert", "Alerte"),
        meaning=Text("Level of the alert: high, moderate or none.", "Niveau d'alerte : forte, modérée ou aucune."),
    ),
    ListColumn(
        name="previous_alert",
        title=Text("Previous alert", "Alerte précédente"),
        meaning=Text(
            "Level of the alert in the list before; unknown where the firm was not in it.",
            "Niveau d'alerte dans la liste précédente ; inconnu si l'entreprise n'y figurait pas.",
        ),
    ),
    ListColumn(
        name="first_alert",
        title=Text("First alert", "Première alerte"),
        meaning=Text(
            "Whether the firm is on alert and was on alert in no earlier list.",
            "Si l'entreprise est en alerte et ne l'était dans aucune liste antérieure.",
        ),
        format=Format.YES_NO,
    ),
    ListColumn(
        name="state",
        title=Text("Procedure", "Procédure"),
        meaning=Text(
            "State of insolvency procedure, as known in the month of the list.",
            "État de procédure collective, tel que connu au mois de la liste.",
        ),
    ),
    ListColumn(
        name="reasons",
        title=Text("Reasons", "Raisons"),
        meaning=Text(
            "What raises the risk most, largest first; empty without an alert.",
            "Ce qui augmente le plus le risque, par ordre décroissant ; vide en l'absence d'alerte.",
        ),
        width=90,
    ),
    ListColumn(
        name="themes",
        title=Text("Themes", "Thèmes"),
        meaning=Text(
            "Contribution of each theme to the risk, in log-odds.",
            "Contribution de chaque thème au risque, en log-odds.",
        ),
    ),
    ListColumn(
        name="period",
        title=Text("Month of the list", "Mois de la liste"),
        meaning=Text("First day of the month of the list.", "Premier jour du mois de la liste."),
        format=Format.DAY,
    ),
    ListColumn(
        name="model_id",
        title=Text("Model", "Modèle"),
        meaning=Text(
            "Identifier of the model that made the list.", "Identifiant du modèle dont la liste est le résultat."
        ),
    ),
    ListColumn(
        name="probability_low",
        title=Text("Risk, low", "Risque, borne basse"),
        meaning=Text(
            "Lower end of the 95% interval of the mean risk of firms scored like this one.",
            "Borne basse de l'intervalle à 95 % du risque moyen des entreprises de même score.",
        ),
        format=Format.PERCENT,
    ),
    ListColumn(
        name="probability_high",
        title=Text("Risk, high", "Risque, borne haute"),
        meaning=Text(
            "Upper end of the 95% interval of the mean risk of firms scored like this one.",
            "Borne haute de l'intervalle à 95 % du risque moyen des entreprises de même score.",
        ),
        format=Format.PERCENT,
    ),
    ListColumn(
        name="movement",
        title=Text("What changed", "Ce qui a changé"),
        meaning=Text(
            "Why the risk moved since an earlier list.", "Pourquoi le risque a évolué depuis une liste antérieure."
        ),
        width=60,
    ),
    ListColumn(
        name="counterfactual",
        title=Text("What would take it off the list", "Ce qui la ferait sortir de la liste"),
        meaning=Text(
            "The smallest change after which the model would no longer put the firm on alert.",
            "Le plus petit changement après lequel le modèle ne mettrait plus l'entreprise en alerte.",
        ),
        width=60,
    ),
    ListColumn(
        name="alert_since",
        title=Text("On alert since", "En alerte depuis"),
        meaning=Text(
            "First list of the unbroken run of lists in which the firm is on alert.",
            "Première liste de la suite ininterrompue de listes où l'entreprise est en alerte.",
        ),
        format=Format.DAY,
    ),
    *(
        ListColumn(
            name=risk_at(months),
            title=Text(f"Risk within {months} months", f"Risque à {months} mois"),
            meaning=Text(
                f"Probability that a first insolvency procedure opens within {months} months; unknown where too few "
                "failures tell it.",
                f"Probabilité qu'une première procédure collective s'ouvre dans les {months} mois ; inconnue quand "
                "trop peu de défaillances la renseignent.",
            ),
            format=Format.PERCENT,
        )
        for months in SHORTER_HORIZONS
    ),
)
LIST_COLUMNS: Final = {column.name: column for column in _COLUMNS}
