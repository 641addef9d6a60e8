"""What may be said of a follow-up: each vocabulary and each field is declared once, here.

Codes as they are stored -> as they are written in English; their French is in `cases.po`.
"""

from datetime import timedelta
from typing import Final

from reports.list_columns import Format, ListColumn, Text
from reports.review.access import Visibility

CLOSED: Final = "closed"
STATES: Final = {
    "to_contact": "to contact",
    "contacted": "contacted",
    "visited": "visited",
    "helped": "helped",
    CLOSED: "closed",
}
NORMAL: Final = "normal"
PRIORITIES: Final = {"urgent": "urgent", NORMAL: "normal", "low": "can wait"}
DIFFICULTIES: Final = {
    "cash": "cash flow",
    "social_debt": "debts to URSSAF",
    "tax_debt": "tax debts",
    "suppliers": "debts to suppliers",
    "unpaid": "customers who do not pay",
    "orders": "fewer orders",
    "client": "loss of a large customer",
    "costs": "costs of energy or materials",
    "finance": "a loan refused or called in",
    "workforce": "recruitment or labour dispute",
    "management": "management or succession",
    "group": "difficulties of its group",
    "other": "other",
}
# Public schemes, each with the day on which it was asked or set up.
ACTIONS: Final = {
    "payment_plan": "payment plan (URSSAF or taxes)",
    "ccsf": "CCSF: plan for all public debts",
    "codefi": "CODEFI: loan or audit",
    "short_time_work": "short-time work",
    "mediation": "credit or business mediation",
    "court_prevention": "prevention by the commercial court",
}
# In the export for data scientists: the day on which each state was reached first, and the day of each scheme.
STATE_DAYS: Final = {state: f"{state}_on" for state in STATES}
ACTION_DAYS: Final = {action: f"{action}_on" for action in ACTIONS}
# Those that tell of help.
HELP_DAYS: Final = (STATE_DAYS["helped"], *ACTION_DAYS.values())
OUTCOMES: Final = {
    "recovered": "recovered",
    "procedure": "procedure opened",
    "sold": "sold",
    "no_difficulty": "no difficulty",
    "unreachable": "could not be reached",
}
ALL: Final = str(Visibility.ALL)
VISIBILITIES: Final = {
    ALL: "all who may see the firm",
    str(Visibility.ADMINISTRATION): "my administration",
    str(Visibility.MINE): "me alone",
}
# How long before its day a next step is told of.
SOON: Final = timedelta(days=7)

# What a version holds, in the order of the form and of files.
FIELDS: Final = (
    ListColumn(
        name="state",
        title=Text("State", "État"),
        meaning=Text("Where the follow-up stands.", "Où en est le suivi."),
    ),
    ListColumn(
        name="on",
        title=Text("Date", "Date"),
        meaning=Text("Day from which it stands there.", "Jour depuis lequel il en est là."),
        format=Format.DAY,
    ),
    ListColumn(
        name="priority",
        title=Text("Priority", "Priorité"),
        meaning=Text("How soon something must be done.", "Avec quelle urgence il faut agir."),
    ),
    ListColumn(
        name="in_charge",
        title=Text("Person in charge", "Responsable"),
        meaning=Text("Who leads the follow-up.", "Qui mène le suivi."),
        width=28,
    ),
    ListColumn(
        name="participants",
        title=Text("Participants", "Participants"),
        meaning=Text(
            "Who takes part, of any administration that may see the firm.",
            "Qui y participe, de toute administration qui peut voir l'entreprise.",
        ),
        width=28,
    ),
    ListColumn(
        name="difficulties",
        title=Text("Difficulties found", "Difficultés constatées"),
        meaning=Text(
            "What troubles the firm, as found with it.", "Ce qui met l'entreprise en difficulté, vu avec elle."
        ),
        width=36,
    ),
    ListColumn(
        name="actions",
        title=Text("Actions", "Actions"),
        meaning=Text(
            "Public schemes, each with the day on which it was asked or set up.",
            "Dispositifs publics, chacun avec le jour où il a été demandé ou mis en place.",
        ),
        width=36,
    ),
    ListColumn(
        name="contacts",
        title=Text("Contacts at the firm", "Contacts dans l'entreprise"),
        meaning=Text(
            "One a line: name, role, telephone, e-mail address. Everyone who may see the firm reads them.",
            "Un par ligne : nom, fonction, téléphone, courriel. Visibles de tous ceux qui peuvent voir l'entreprise.",
        ),
        width=36,
    ),
    ListColumn(
        name="next_on",
        title=Text("Next date", "Prochaine échéance"),
        meaning=Text("Day on which something is to be done next.", "Jour où il faudra agir."),
        format=Format.DAY,
    ),
    ListColumn(
        name="next_step",
        title=Text("What is to be done then", "Ce qu'il faudra faire"),
        meaning=Text(
            "The next step, in a few words; calendars and reminders show it.",
            "La prochaine étape en quelques mots ; l'agenda et les rappels l'affichent.",
        ),
        width=36,
    ),
    ListColumn(
        name="summary",
        title=Text("Summary", "Résumé"),
        meaning=Text("The situation in a few sentences.", "La situation en quelques phrases."),
        width=60,
    ),
    ListColumn(
        name="outcome",
        title=Text("Outcome", "Issue"),
        meaning=Text(
            "What became of the firm, once the follow-up is closed.", "Ce qu'il est advenu, une fois le suivi clos."
        ),
        width=22,
    ),
)
FIELD: Final = {one.name: one for one in FIELDS}
CODED: Final = {"state": STATES, "priority": PRIORITIES, "outcome": OUTCOMES, "difficulties": DIFFICULTIES}
