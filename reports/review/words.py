"""The words and figures of the pages, in the language of their reader."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from features.insolvency import AMENDMENT, END, OPENING, PLAN
from features.nomenclatures import mapping
from features.sources.register import MASKED
from models.evaluation.groups import UNKNOWN
from reports import figures
from reports.dictionary import source_names
from reports.language import Language
from reports.reasons import FEATURES, THEME_WORDS, value_words
from reports.review.codes import STATES
from reports.review.verdicts import VERDICT_REASONS
from reports.review.wording import LEVELS, PROCEDURE_STATES
from reports.review.wrong_data import REPORT_STATES

REGISTER_FIELDS = {
    "name": "name",
    "activity": "main activity",
    "head_office": "head office",
    "register_headcount": "number of employees",
    "procedure": "procedure",
}

STAGE_WORDS = {OPENING: "opening", PLAN: "plan adopted", AMENDMENT: "plan amended", END: "end of the procedure"}
ALIKE = {"all": "all firms tested", "missing_source": "firms without information from: {group}"}
AGES = {
    "under 3": "under 3 years old",
    "3-10": "from 3 to 10 years old",
    "10+": "10 years old or more",
}


class Words:
    """A language as templates use it; None is written as a dash."""

    def __init__(self, language: Language) -> None:
        """language: of the page."""
        self.language = language
        self.code = language.code

    def say(self, message: str, **values: Any) -> str:
        """A message."""
        return self.language.say(message, **{name: str(value) for name, value in values.items()})

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A number."""
        return "–" if value is None else self.language.number(float(value), decimals)

    def percent(self, value: float | None, decimals: int = 1) -> str:
        """A probability, 0-1, with that many decimals."""
        return figures.share(value, self.language, decimals)

    def signed(self, value: float, decimals: int = 1) -> str:
        """A number with its sign."""
        sign = "+" if value > 0 else "−" if value < 0 else ""
        return sign + self.language.number(abs(value), decimals)

    def euros(self, value: float | None) -> str:
        """An amount."""
        return "–" if value is None else figures.euros(value, self.language)

    def month(self, day: date | str) -> str:
        """A month, from a day or from YYYY-MM."""
        return self.language.month(date.fromisoformat(f"{day}-01") if isinstance(day, str) else day)

    def day(self, day: date | datetime | None) -> str:
        """A day as its readers write it."""
        return "–" if day is None else self.language.day(day)

    def label(self, feature: str) -> str:
        """What a feature is."""
        return str(getattr(FEATURES[feature], self.code)) if feature in FEATURES else self.say("other elements")

    def value(self, feature: str, value: Any) -> str:
        """A feature's value with its unit."""
        return value_words(feature, value, self.language)

    def theme(self, theme: str) -> str:
        """A theme."""
        return self.say(THEME_WORDS[theme]) if theme in THEME_WORDS else self.say("other elements")

    def themes(self, themes: Sequence[str]) -> str:
        """Themes, one after another."""
        return ", ".join(self.theme(theme) for theme in themes)

    def field(self, name: str) -> str:
        """What may be reported as wrong: a fact of the register, or a feature."""
        return self.say(REGISTER_FIELDS[name]) if name in REGISTER_FIELDS else self.label(name)

    def level(self, alert: str) -> str:
        """An alert level."""
        return self.say(LEVELS[alert])

    def legal_form(self, code: str | None) -> str | None:
        """A legal category of INSEE; its code where the nomenclature lacks it."""
        return mapping("categories_juridiques", "code", "label").get(code or "", code)

    def address(self, address: str) -> str:
        """An address of the register, which masks those that may not be published."""
        return self.say("not for publication") if address == MASKED else address

    def state(self, state: str | None) -> str:
        """A state of procedure."""
        return self.say(PROCEDURE_STATES[state]) if state in PROCEDURE_STATES else "–"

    def decision(self, action: str, stage: str) -> str:
        """What a judgement decided, of a procedure; of none where it ends whatever there was."""
        decided = self.say(STAGE_WORDS[stage])
        return self.say("{procedure}: {decided}", procedure=self.state(action), decided=decided) if action else decided

    def sources(self, names: Sequence[str]) -> str:
        """Partners' files, one after another."""
        return source_names(names, self.language)

    def alike(self, dimension: str, group: str) -> str:
        """A group of firms that a model was judged on."""
        if dimension in ALIKE:
            return self.say(ALIKE[dimension], group=self.sources([group]))
        if group in AGES:
            return self.say(AGES[group])
        return self.value(dimension, group) if group != UNKNOWN else f"{self.label(dimension)}, {self.say('not known')}"

    def verdict_reason(self, code: str) -> str:
        """Why an alert was useful or not."""
        return self.say(VERDICT_REASONS.get(code, "other"))

    def report_state(self, code: str) -> str:
        """What became of a report of wrong data."""
        return self.say(REPORT_STATES[code])

    def follow_state(self, code: str | None) -> str:
        """Where the follow-up of a firm stands."""
        return self.say(STATES[code]) if code in STATES else ""
