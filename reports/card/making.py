"""Whether the model may be used, how firm its reasons are, and what it can be made of again."""

from models.evaluation.records import Metrics
from models.registry.model import RiskModel
from reports.card.parts import WORDS, Points, Section, Table, said
from reports.figures import share
from reports.language import SOURCE, Language


def stability(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Whether the same model trained on other firms would give the same reasons."""
    found = metrics.stability
    return Section(
        language.say("Stability of reasons: the same model trained on other draws of firms"),
        (
            language.say(
                "For firms on alert in the test months ({rows} rows), the model and a refit share {themes} of their "
                "first three themes and {features} of their first three features (Jaccard index, mean of {refits} "
                "refits). On lists, a reason that fewer than half of the refits share is marked as doubtful.",
                rows=language.number(found.firms),
                themes=share(found.themes, language),
                features=share(found.features, language),
                refits=language.number(found.refits),
            ),
        ),
    )


def checks(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The checks that it had to pass; the result of each is recorded in English only."""
    is_source = language.code == SOURCE
    rows = tuple(
        (
            language.say(WORDS[check.name]),
            language.say("yes" if check.is_passed else "no"),
            *([check.sentence] if is_source else []),
        )
        for check in metrics.checks
    )
    headers = said(("check", "passed", *(["result"] if is_source else [])), language)
    return Section(language.say("Checks before it may be put in use automatically"), (Table(headers, rows),))


def data(model: RiskModel, _metrics: Metrics | None, language: Language) -> Section:
    """What the same model can be made of again."""
    facts, made = model.facts, model.facts.data
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    trees = language.number(model.text.count("\nTree="))
    return Section(
        language.say("To reproduce it"),
        (
            Points(
                (
                    language.say("Batch {batch}; {trees} trees.", batch=made.batch, trees=trees),
                    language.say("Data: {digest}", digest=made.fingerprint),
                    language.say("Dictionary: {digest}", digest=made.dictionary_version),
                    language.say("Code: {digest}", digest=facts.code),
                    language.say("Versions: {versions}", versions=versions),
                )
            ),
        ),
    )
