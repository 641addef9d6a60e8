"""Legal notices of the BODACC (open data) that tell of no insolvency procedure: one row per notice, firm and kind.

Deposits of accounts, changes in the register, sales of a business, removals, conciliations. They stand in the same
export as the insolvency procedures (`bodacc`). What changed is told in short French phrases, matched by their words.
"""

from typing import Final

import ibis
import ibis.expr.types as ir

from features.sources.bodacc import (
    EXPORT,
    NOTICE_COLUMNS,
    is_on_insolvency,
    json_field,
    nothing_in_json,
    notice_number,
    sirens_of_persons,
)
from features.sources.formats import only_if, reader
from features.sources.french import french_day, prose
from features.sources.source import After, Column, Source

DEPOSIT: Final = "deposit"
CONSOLIDATED_DEPOSIT: Final = "consolidated_deposit"
MANAGERS: Final = "managers"
SEAT: Final = "seat"
CAPITAL: Final = "capital"
CAPITAL_REDUCTION: Final = "capital_reduction"
EQUITY_LOSS: Final = "equity_loss"
ACTIVITY: Final = "activity"
FORM: Final = "form"
MERGER: Final = "merger"
LEASE: Final = "lease"
SALE: Final = "sale"
PURCHASE: Final = "purchase"
DISSOLUTION: Final = "dissolution"
CESSATION: Final = "cessation"
REMOVAL: Final = "removal"
CONCILIATION: Final = "conciliation"
OTHER: Final = "other"

# Families of the export, by code and by label in plain words: how each is read.
OF_DEPOSIT, OF_CHANGE, OF_SALE, OF_NOTHING = "deposit of accounts", "change", "sale", "nothing"
FAMILIES: Final = {
    **dict.fromkeys(("dpc", "depots des comptes", "depot des comptes"), OF_DEPOSIT),
    **dict.fromkeys(("modification", "modifications diverses"), OF_CHANGE),
    **dict.fromkeys(("vente", "ventes et cessions"), OF_SALE),
    **dict.fromkeys(("radiation", "radiations"), REMOVAL),
    **dict.fromkeys(("conciliation", "procedures de conciliation"), CONCILIATION),
    **dict.fromkeys(("creation", "creations", "immatriculation", "immatriculations"), OF_NOTHING),
    **dict.fromkeys(("divers", "annonces diverses"), OF_NOTHING),
    **dict.fromkeys(("retablissement_professionnel", "procedures de retablissement professionnel"), OF_NOTHING),
}
# Phrases that name an activity and tell of no change of it.
NO_CHANGE_OF_ACTIVITY: Final = (
    r"\b(cessation|poursuite|continuation|reprise|debut|commencement|exercice)( [a-z]+)?( d'| de l'| de son | de leur )"
    r"activites?\b"
)
# Kind of change -> the words, unaccented and in lower case, that tell of it.
WORDS: Final = {
    MANAGERS: r"\b(administration|dirigeants?|presidents?|directeurs? genera(l|ux))\b|(^|[^a-z-])(co-?)?gerants?\b",
    SEAT: r"\bsiege\b|\btransfert de l'etablissement principal",
    CAPITAL_REDUCTION: r"\bcapital[^,.;]*\b(diminution|reduction)|\b(diminution|reduction)[^,.;]*\bcapital\b",
    EQUITY_LOSS: r"\b(moitie du capital|capitaux propres|actif net)\b",
    CAPITAL: r"\bcapital\b",
    FORM: r"\bformes? juridiques?\b|\btransformation\b",
    MERGER: r"\b(fusions?|scissions?|apports? partiels?|transmission universelle)\b",
    LEASE: r"\b(location|locataires?|gerance)[- ](gerance|gerants?|mandat)\b",
    DISSOLUTION: r"\bdissolution\b",
    CESSATION: r"\bcessation\b|\bmise en sommeil\b",
    OTHER: r"\b(denomination|nom|enseigne|sigle|cloture|duree|adresse|etablissements?|commissaires?|statuts?|date)\b",
}
# An unknown description is shown to people, who need its beginning.
SHOWN: Final = 120


@reader("a description (a JSON text with `descriptif`)")
def description(cell: ir.StringValue) -> ir.StringValue:
    """What a notice says has changed, in plain words, "" where nothing; some exports give it without JSON."""
    told = json_field(cell, "descriptif")
    bare = only_if(cell, ~cell.startswith("{"))
    return ibis.coalesce(prose(ibis.coalesce(told, bare)), nothing_in_json(cell))


@reader("a deed (a JSON text)")
def deed(cell: ir.StringValue) -> ir.StringValue:
    """The kind of a sale and its description, in plain words; null where the text is not JSON."""
    words = json_field(cell, "vente.categorieVente").fill_null("") + " " + json_field(cell, "descriptif").fill_null("")
    return ibis.coalesce(prose(words), nothing_in_json(cell))


@reader("a deposit of accounts (a JSON text)")
def deposit(cell: ir.StringValue) -> ir.StringValue:
    """What was deposited and how, in plain words; null where the text is not JSON."""
    words = json_field(cell, "typeDepot").fill_null("") + " " + json_field(cell, "descriptif").fill_null("")
    return ibis.coalesce(prose(words), nothing_in_json(cell))


@reader("a deposit of accounts with `dateCloture` as YYYY-MM-DD or 1er mars 2011, from 1950 on")
def closing_day(cell: ir.StringValue) -> ir.DateValue:
    """The day on which the deposited accounts were closed."""
    return french_day(json_field(cell, "dateCloture"))


def changes(words: ir.StringValue) -> ir.ArrayValue:
    """The kinds of change that a description in plain words tells of, [] where it is in no vocabulary."""
    of_activity = words.re_replace(NO_CHANGE_OF_ACTIVITY, r"\1")
    found = {kind: words.re_search(pattern) for kind, pattern in WORDS.items()}
    # The capital is named by phrases that do not tell of a change of it.
    found[CAPITAL] = found[CAPITAL] & ~words.re_search(r"\bmoitie du capital\b")
    found[ACTIVITY] = of_activity.re_search(r"\b(activites?|objet)\b")
    return ibis.array([is_told.ifelse(kind, ibis.null("string")) for kind, is_told in found.items()]).filter(
        lambda kind: kind.notnull()
    )


def _tidy(records: ir.Table) -> ir.Table:
    """One row per notice, firm and kind. A cancellation says nothing by itself.

    about: the number of the notice that this one corrects, else its own. closed_on: of deposited accounts.
    is_confidential: whether accounts were deposited as confidential, null for other notices.
    unlisted: the family or the description that is in no vocabulary; `kind` is then null, and the firm too.
    """
    notices = _read(records)
    seller = ibis.array([ibis.literal(SALE)])
    sold = notices.filter(notices.reading == OF_SALE).mutate(firms=notices.sellers, kinds=seller)
    rows = notices.union(sold)
    rows = rows.mutate(siren=rows.firms.unnest()).mutate(kind=ibis._.kinds.unnest())
    columns = ("line", "notice", "about", "siren", "kind", "published_on", "closed_on", "is_confidential", "unlisted")
    return rows.select(*columns)


def _read(records: ir.Table) -> ir.Table:
    """Add who and what each notice is about; a notice that tells of nothing is left out."""
    nobody, nothing = ibis.literal([], "array<string>"), ibis.null("string")
    reading = records.family.cases(*FAMILIES.items(), else_=nothing)
    notices = records.mutate(reading=reading, notice=notice_number(records), sellers=records.owners.fill_null(nobody))
    notices = notices.filter(
        notices.reading.isnull() | (notices.reading != OF_NOTHING),
        ~notices.kind.fill_null("").contains("annul"),
    )
    named = notices.persons.fill_null(nobody)
    firms = (named.length() > 0).ifelse(named, notices.register.fill_null(nobody))
    # The register of a sale names the seller too.
    firms = (notices.reading == OF_SALE).ifelse(firms.filter(lambda siren: ~notices.sellers.contains(siren)), firms)
    kinds = _kinds(notices)
    is_listed = kinds.length() > 0
    unlisted = ibis.coalesce(notices.change.left(SHOWN).nullif(""), "no description")
    unlisted = notices.reading.isnull().ifelse("family " + notices.family, unlisted)
    is_deposit, is_dated = notices.reading == OF_DEPOSIT, notices.closed_on <= notices.published_on
    return notices.select(
        "line",
        "notice",
        "published_on",
        "reading",
        "sellers",
        about=notices.former.fill_null(notices.notice),
        firms=is_listed.ifelse(firms, ibis.array([nothing])),
        kinds=is_listed.ifelse(kinds, ibis.array([nothing])),
        closed_on=only_if(notices.closed_on, is_deposit & is_dated),
        is_confidential=only_if(notices.deposit.fill_null("").contains("confidentialite"), is_deposit),
        unlisted=only_if(unlisted, ~is_listed),
    )


def _kinds(notices: ir.Table) -> ir.ArrayValue:
    """The kinds of each notice for the firms that it names; for a sale, for the buyers."""
    words = notices.deposit.fill_null("")
    is_of_group = words.contains("consolide") & ~words.contains("annuel")
    leased = notices.deed.fill_null("").re_search(WORDS[LEASE]).ifelse(LEASE, PURCHASE)
    return notices.reading.cases(
        (OF_DEPOSIT, ibis.array([is_of_group.ifelse(CONSOLIDATED_DEPOSIT, DEPOSIT)])),
        (OF_CHANGE, changes(notices.change.fill_null(""))),
        (OF_SALE, ibis.array([leased])),
        (REMOVAL, ibis.array([ibis.literal(REMOVAL)])),
        (CONCILIATION, ibis.array([ibis.literal(CONCILIATION)])),
        else_=ibis.literal([], "array<string>"),
    )


LEGAL_NOTICES = Source(
    name="legal_notices",
    en="legal notices",
    fr="annonces légales",
    provider="DILA, BODACC",
    files=EXPORT,
    columns={
        **NOTICE_COLUMNS,
        "owners": Column(
            ("listeprecedentproprietaire", "Liste des précédents propriétaires", "Précédents propriétaires"),
            sirens_of_persons,
            required=False,
        ),
        "change": Column(("modificationsgenerales", "Modifications générales"), description, required=False),
        "deed": Column(("acte", "Acte"), deed, required=False),
        "deposit": Column(("depot", "Dépôt"), deposit, required=False),
        "closed_on": Column(("depot", "Dépôt"), closing_day, required=False),
    },
    known_at=After("published_on", 0),
    tidy=_tidy,
    flow_key=("notice", "siren", "kind"),
    unlisted="unlisted",
    takes=lambda lines: ~is_on_insolvency(lines),
)
