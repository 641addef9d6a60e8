"""Profile: age, size, activity, legal form and place of the firm. None of them is a sign of distress by itself."""

import ibis
import ibis.expr.types as ir

from features.catalog import feature
from features.days import months_since
from features.grid import KEY
from features.nomenclatures import mapping

# (below this headcount, class)
SIZE_CLASSES = ((10, "0-9"), (20, "10-19"), (50, "20-49"), (100, "50-99"), (250, "100-249"))


def known_values(grid: ir.Table, firms: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid, with what the register said about the firm then."""
    known = grid.select(*KEY, "headcount", "naf_division", "legal_category", "departement")
    return known.inner_join(firms.select("siren", "created_on"), "siren")


@feature(unit="years", direction=0, sources=("firms",), fr="Âge de l'entreprise", en="Age of the firm")
def age(t: ir.Table) -> ir.FloatingValue:
    """Months since the creation of the firm, divided by 12."""
    return months_since(t.created_on, t.period) / 12


@feature(unit="category", direction=0, sources=("headcounts",), fr="Taille", en="Size class")
def size_class(t: ir.Table) -> ir.StringValue:
    """Class of the newest headcount known: 0-9, 10-19, 20-49, 50-99, 100-249 or 250+ employees."""
    bands = [(t.headcount < limit, band) for limit, band in SIZE_CLASSES]
    return ibis.cases((t.headcount.isnull(), ibis.null("string")), *bands, else_="250+")


@feature(unit="category", direction=0, sources=("firms",), fr="Section d'activité (NAF)", en="Activity section (NAF)")
def naf_section(t: ir.Table) -> ir.StringValue:
    """Section (a letter) of the head office's activity in NAF rev. 2."""
    return t.naf_division.cases(*mapping("naf_rev2", "division", "section").items())


@feature(unit="category", direction=0, sources=("firms",), fr="Division d'activité (NAF)", en="Activity division (NAF)")
def naf_division(t: ir.Table) -> ir.StringValue:
    """Division (two digits) of the head office's activity in NAF rev. 2."""
    return t.naf_division


@feature(unit="category", direction=0, sources=("firms",), fr="Catégorie juridique", en="Legal category")
def legal_category_group(t: ir.Table) -> ir.StringValue:
    """First two digits of the legal category (INSEE, level II), as it was then; as of today where no history tells."""
    return t.legal_category.left(2)


@feature(unit="category", direction=0, sources=("establishments",), fr="Département", en="Département")
def departement(t: ir.Table) -> ir.StringValue:
    """Département of the head office, as it was then; as of today where no history tells."""
    return t.departement


@feature(unit="category", direction=0, sources=("establishments",), fr="Région", en="Region")
def region(t: ir.Table) -> ir.StringValue:
    """Region of the head office, as it was then; as of today where no history tells."""
    return t.departement.cases(*mapping("departements", "departement", "region").items())
