"""A column of the list is one declaration, and so is a filter: everything else follows from it."""

import io
import re
import zipfile

import pytest

from reports.list_columns import Format, Text
from reports.review import columns, filters
from reports.review.access import Kind
from reports.review.asked import Asked, ImpossibleValueError, read_asked
from reports.review.columns import Column, Table
from reports.review.controls import Number
from reports.review.filters import Condition, Filter
from reports.review.sql import Sql
from tests.reports.review.conftest import shown

DELAY = Column(
    name="paydex",
    title=Text("Delay in days", "Retard en jours"),
    meaning=Text("Mean delay in paying suppliers.", "Retard moyen de paiement des fournisseurs."),
    format=Format.COUNT,
    table=Table.FEATURES,
    kind=Kind.PAYMENT_DELAYS,
    head=Text("Delay", "Retard"),
    is_sortable=True,
)
MIN_DELAY = Filter(
    name="min_delay",
    title=Text("Delay, at least", "Retard, au moins"),
    control=Number(),
    condition=lambda value, _: Condition(Sql("features.paydex >= ?", (value,)), Table.FEATURES),
    kind=Kind.PAYMENT_DELAYS,
)
EXPORT = "/lists/2024-02/export.{form}?alert=high&alert=moderate&alert=none"


class Query(dict):
    """An address without a server."""

    def getlist(self, key: str) -> list[str]:
        return self.get(key, [])


@pytest.fixture
def declared(monkeypatch):
    """A list with one column and one filter more. `france` may see payment delays, `bretagne` may not."""
    monkeypatch.setattr(columns, "COLUMNS", (*columns.COLUMNS, DELAY))
    monkeypatch.setattr(filters, "FILTERS", (*filters.FILTERS, MIN_DELAY))


def exported(agent, form: str) -> str:
    content = agent.get(EXPORT.format(form=form)).content
    if form != "xlsx":
        return content.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read("xl/sharedStrings.xml").decode()


@pytest.mark.usefixtures("declared")
def test_a_column_that_is_declared_is_on_the_page_with_its_sort_link_and_its_value(agents):
    text = shown(agents["france"].get("/lists/2024-02?sort=paydex&descending=true"))
    assert 'aria-sort="descending"><a href="?sort=paydex">Retard' in text
    assert re.search(r'data-label="Retard">\s*47\s*</td>', text)
    assert text.index("ATELIERS DURAND") < text.index("BOULANGERIE")


@pytest.mark.usefixtures("declared")
def test_a_column_that_is_declared_is_explained_in_both_languages(agents):
    for language in ("fr", "en"):
        text = shown(agents["france"].get("/lists/2024-02", **{"accept-language": language}))
        assert f"<dt>{getattr(DELAY.title, language)}</dt>" in text
        assert f"<dd>{getattr(DELAY.meaning, language)}</dd>" in text


@pytest.mark.usefixtures("declared")
def test_a_column_that_is_declared_is_in_every_file(agents):
    (firm,) = [one for one in agents["france"].get(EXPORT.format(form="json")).json()["firms"] if one["paydex"] > 1]
    assert (firm["siren"], firm["paydex"]) == ("552100554", 47)
    assert ";Retard en jours;Simulé" in exported(agents["france"], "csv")
    assert DELAY.meaning.fr in exported(agents["france"], "xlsx")


@pytest.mark.usefixtures("declared")
def test_a_column_that_is_declared_is_absent_without_its_right(agents):
    asked = "&sort=paydex&descending=true&min_delay=40"
    content = agents["bretagne"].get(EXPORT.format(form="csv") + asked).content
    assert content.decode("utf-8-sig") == exported(agents["bretagne"], "csv")
    page = agents["bretagne"].get("/lists/2024-02").text
    for text in (page, *(exported(agents["bretagne"], form) for form in ("json", "csv", "xlsx"))):
        for word in ("paydex", "min_delay", "Retard"):
            assert word not in text


@pytest.mark.usefixtures("declared")
def test_a_filter_that_is_declared_has_its_control_its_condition_and_its_words(agents):
    text = shown(agents["france"].get("/lists/2024-02?min_delay=40"))
    assert '<input type="number" name="min_delay" min="0" value="40">' in " ".join(text.replace('"\n', '" ').split())
    assert "Retard, au moins : 40" in text
    assert "ATELIERS DURAND" in text
    assert "BOULANGERIE" not in text


def test_every_column_of_a_file_says_what_it_means_in_both_languages():
    for column in columns.COLUMNS:
        assert all((*column.title, *column.meaning)), column.name


def test_names_of_columns_and_filters_are_their_own():
    for declared in (columns.COLUMNS, filters.FILTERS):
        names = [one.name for one in declared]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({}, {}),
        ({"q": [""], "departement": ["", ""], "min_debt": [""]}, {}),
        ({"departement": ["35", "", "75"]}, {"departement": ("35", "75")}),
        ({"min_headcount": ["0"]}, {"min_headcount": 0}),
        ({"no_plan": ["true"], "no_young": ["false"]}, {"no_plan": True}),
        ({"nobody": ["knows"]}, {}),
    ],
)
def test_an_address_is_read_as_what_it_asks(given, values):
    assert read_asked(Query(given)) == Asked(values)


@pytest.mark.parametrize(
    "given",
    [
        {"alert": ["severe"]},
        {"theme": ["weather"]},
        {"min_alerts": ["13"]},
        {"min_debt": ["-1"]},
        {"min_debt": ["ten"]},
        {"no_plan": ["perhaps"]},
        {"q": ["x" * 101]},
        {"departement": ["75"] * 121},
        {"sort": ["siren"]},
        {"page": ["0"]},
    ],
    ids=str,
)
def test_an_address_with_a_value_that_no_form_offers_is_refused(given):
    with pytest.raises(ImpossibleValueError, match=next(iter(given))):
        read_asked(Query(given))


def test_an_address_leads_back_to_what_was_asked():
    asked = Asked({"departement": ("35", "75"), "min_headcount": 0, "no_plan": True}, "debt", descending=True)
    assert asked.address() == "departement=35&departement=75&min_headcount=0&no_plan=true&sort=debt&descending=true"
    assert asked.asking("departement", None).address(page=2) == (
        "min_headcount=0&no_plan=true&sort=debt&descending=true&page=2"
    )
