"""Insolvency procedures published in the BODACC (open data): one line per notice, one row per firm and decision.

The same export holds notices of other kinds, which `legal_notices` reads.
Notices correct one another: `corrects` names the notice that is removed, `retracts` the kind of judgement. Cells hold
JSON texts, French prose and wrongly decoded accents. They are read with DuckDB's own functions, because ingestion
always runs on DuckDB.
"""

from typing import Any, Final

import ibis
import ibis.expr.types as ir

from features.insolvency import ANY_ACTION, IGNORED
from features.sources.bodacc_decisions import NAMED_NOTICE, read
from features.sources.bodacc_natures import CATCH_ALL, IGNORED_FAMILIES, NATURES, RETRACTIONS, TELLING, decisions
from features.sources.formats import BLANKS, only_if, reader, text
from features.sources.french import french_day, plain, prose
from features.sources.source import After, Column, Source

EXPORT: Final = ("annonces-commerciales*.csv", "annonces-commerciales*.json")
# In the code and in the label of this family of notices, and of no other.
COLLECTIVE: Final = "collective"
INITIAL: Final = "initial"
CORRECTION: Final = "correction"
CANCELLATION: Final = "cancellation"
WORDS: Final = "struct<family: string, nature: string, complement: string>"
SIREN: Final = f"[0-9]{{3}}{BLANKS}?[0-9]{{3}}{BLANKS}?[0-9]{{3}}"
UNDECIDED: Final = "undecided"
RETRACTS: Final = "retracts"
# An undecided text is shown to people, who need its beginning.
SHOWN: Final = 300


@ibis.udf.scalar.builtin(signature=(("json", "string"), "string"))  # type: ignore[untyped-decorator]
def json_extract_string(document: str, path: str) -> str:
    """DuckDB's function of that name."""
    raise NotImplementedError


@ibis.udf.scalar.builtin(signature=(("string", "string", "int64"), "array<string>"))  # type: ignore[untyped-decorator]
def regexp_extract_all(cell: str, pattern: str, group: int) -> list[str]:
    """DuckDB's function of that name."""
    raise NotImplementedError


@ibis.udf.scalar.pyarrow(signature=(("string", "string"), "array<string>"))  # type: ignore[untyped-decorator]
def decided_in(leading: Any, complement: Any) -> Any:
    """What each complement decides: "action stage", "retracts action", or "undecided" alone; [] for nothing."""
    # Not at the top: the application's pages import the sources, and read no file.
    import pyarrow as pa

    texts = zip(leading.to_pylist(), complement.to_pylist(), strict=True)
    return pa.array([_as_words(act, text) for act, text in texts], pa.list_(pa.string()))


def _as_words(leading: str, complement: str) -> list[str]:
    reading = read(leading, complement)
    if reading.is_undecided:
        return [UNDECIDED]
    decided = [" ".join(decision) for decision in reading.decisions]
    return [*decided, f"{RETRACTS} {reading.retracts}"] if reading.retracts else decided


def json_field(cell: ir.StringValue, name: str) -> ir.StringValue:
    """A field of a JSON text, null where it is blank or the text is not JSON."""
    return json_extract_string(cell.try_cast("json"), f"$.{name}").strip().nullif("")


def nothing_in_json(cell: ir.StringValue) -> ir.StringValue:
    """An empty text where a cell is a JSON text, else null: what it says where no field of it says anything.

    It follows the fields in COALESCE. Within a CASE on whether the text is JSON, DuckDB would work out each field
    again wherever its reading names it.
    """
    return only_if(ibis.literal(""), cell.try_cast("json").notnull())


def _found(cell: ir.StringValue, pattern: str) -> ir.ArrayValue:
    return regexp_extract_all(cell, pattern, 1).map(lambda number: number.re_replace(BLANKS, "")).unique()


@reader("a register number that holds a SIREN of 9 digits")
def sirens(cell: ir.StringValue) -> ir.ArrayValue:
    """The SIRENs in a JSON list or in a text separated by commas, each once."""
    found = _found(cell, f"({SIREN})")
    return only_if(found, found.length() > 0)


@reader("a list of persons (a JSON text)")
def sirens_of_persons(cell: ir.StringValue) -> ir.ArrayValue:
    """The SIRENs of the persons that a notice names, from the trade or the craft register; the list can be empty."""
    return _found(cell, rf'"numeroIdentification(?:RM)?"\s*:\s*"?({SIREN})')


@reader("any text")
def plain_text(cell: ir.StringValue) -> ir.StringValue:
    """A word of a vocabulary, in the form in which it is compared."""
    return plain(cell)


@reader("a date as YYYY-MM-DD or 1er mars 2011, from 1950 on")
def publication_day(cell: ir.StringValue) -> ir.DateValue:
    """The day on which a notice was published."""
    return french_day(cell)


@reader("a judgement (a JSON text)")
def judgement(cell: ir.StringValue) -> ir.StructValue:
    """Its family, nature and complement in plain words; null where the text is not JSON."""
    fields = {"family": "famille", "nature": "nature", "complement": "complementJugement"}
    words = {name: prose(json_field(cell, field)) for name, field in fields.items()}
    return ibis.coalesce(*words.values(), nothing_in_json(cell)).isnull().ifelse(ibis.null(WORDS), ibis.struct(words))


@reader("a judgement with a date as YYYY-MM-DD or 1er mars 2011, from 1950 on")
def judgement_day(cell: ir.StringValue) -> ir.DateValue:
    """The day of a judgement, null where its year is impossible."""
    return french_day(json_field(cell, "date"))


@reader("a reference to a former notice (numeroParution, numeroAnnonce)")
def former_notice(cell: ir.StringValue) -> ir.StringValue:
    """The number of the notice that is corrected, such as A201200051234."""
    issue = json_field(cell, "numeroParution").re_replace("[^0-9]", "")
    year = json_field(cell, "dateParution").re_extract("([0-9]{4})", 1)
    # Older notices number their issues within the year: issue 5 of 2012 is 20120005.
    issue = (issue.length() <= 4).ifelse(year + issue.lpad(4, "0"), issue)
    letter = json_field(cell, "nomPublication").fill_null("A")
    number = _notice(letter, issue, json_field(cell, "numeroAnnonce"))
    return ibis.coalesce(number, cell.strip().upper().re_extract("^([ABC][0-9]{9,})$", 1).nullif(""))


def _notice(bulletin: ir.StringValue, issue: ir.StringValue, number: ir.StringValue) -> ir.StringValue:
    """A notice's number: letter of the bulletin, issue, place of the notice in it; null where one is missing."""
    letter = bulletin.strip().right(1).upper()
    place = number.re_extract("([0-9]+)", 1).try_cast("int64").cast("string")
    whole = letter + issue.re_extract("^([0-9]{8})$", 1) + place
    return whole.re_extract("^([ABC][0-9]{9,})$", 1).nullif("")


def is_on_insolvency(lines: ir.Table) -> ir.BooleanValue:
    """Whether a line tells of an insolvency procedure; what is of no family is taken for one that mentions any."""
    family = lines.family_text
    is_named = lines.fault.notnull() | family.isnull() | family.lower().contains(COLLECTIVE)
    # By itself, so that most lines of other families are not even cut into cells.
    return lines.text.lower().contains(COLLECTIVE) & is_named


def notice_number(records: ir.Table) -> ir.StringValue:
    """The notice's own number, as corrections give it; else the identifier of its line."""
    return ibis.coalesce(_notice(records.bulletin, records.issue, records.number), records.identifier)


def _tidy(records: ir.Table) -> ir.Table:
    """One row per notice on insolvency, firm and action decided; the stage is `ignored` where nothing is decided.

    siren: null where the notice has none (mostly associations). Such a row is kept, because a correction can name it.
    undecided_nature, undecided_text: the nature and the words of a notice that may decide what we can't tell: it
    decides nothing here, and is counted.
    """
    rows = _decided(_typed(records))
    is_dated = rows.judged_on <= rows.published_on
    rows = rows.mutate(siren=rows.firms.unnest()).mutate(decision=ibis._.decided.unnest())
    return rows.select(
        "line",
        "notice",
        "notice_type",
        "published_on",
        "corrects",
        "retracts",
        "unlisted_nature",
        "undecided_nature",
        "undecided_text",
        "siren",
        # A judgement is given on the day of its publication at the latest.
        effective_on=is_dated.ifelse(rows.judged_on, rows.published_on).fill_null(rows.published_on),
        action=rows.decision.split(" ")[0],
        stage=rows.decision.split(" ")[1].fill_null(IGNORED),
    )


def _typed(notices: ir.Table) -> ir.Table:
    """Add the notice's own number and type, its firms, and the words of its judgement."""
    kind, words = notices.kind.fill_null(""), notices.judgement
    nobody = ibis.literal([], "array<string>")
    firms = notices.register.fill_null(nobody).concat(notices.persons.fill_null(nobody)).unique()
    return notices.mutate(
        notice=notice_number(notices),
        notice_type=ibis.cases(
            (kind.contains("rectif"), CORRECTION), (kind.contains("annul"), CANCELLATION), else_=INITIAL
        ),
        firms=(firms.length() > 0).ifelse(firms, ibis.array([ibis.null("string")])),
        judgement_family=words["family"].fill_null(""),
        nature=words["nature"].fill_null(words["family"]),
        complement=words["complement"].fill_null(""),
    )


def _decided(notices: ir.Table) -> ir.Table:
    """Add what the notice decides, corrects and retracts, and its nature where it is unknown to us or undecided.

    A notice that may decide what we can't tell decides, corrects and retracts nothing.
    """
    nothing, nobody = ibis.null("string"), ibis.literal([], "array<string>")
    is_cancellation = notices.notice_type == CANCELLATION
    is_silent = is_cancellation | notices.judgement_family.isin(IGNORED_FAMILIES)
    notices = notices.left_join(decisions(), "nature").drop("nature_right")
    leading = notices.nature.cases(*CATCH_ALL.items(), else_=nothing)
    read_in = decided_in(is_silent.ifelse(nothing, leading), notices.complement).fill_null(nobody)
    notices = notices.mutate(found=ibis.coalesce(notices.decided, nobody).concat(read_in)).drop("decided")
    named = notices.found.filter(lambda word: word.startswith(RETRACTS))[0].split(" ")[1]
    retracts = ibis.coalesce(notices.nature.cases(*RETRACTIONS.items(), else_=nothing), named)
    # It removes a notice, or a judgement that only a notice tells, and does not say which.
    is_lost = (is_cancellation | (retracts == NAMED_NOTICE).fill_null(False)) & notices.former.isnull()
    is_known = is_silent | notices.nature.isin([*NATURES, *CATCH_ALL, *RETRACTIONS]).fill_null(False)
    is_telling = ~is_known & notices.nature.re_search(TELLING).fill_null(False)
    is_undecided = is_lost | is_telling | notices.found.contains(UNDECIDED)
    decides = is_known & ~is_undecided
    # A correction that can't be read replaces nothing.
    is_corrector = decides & (is_cancellation | retracts.notnull() | (notices.notice_type == CORRECTION))
    nature = notices.nature.fill_null("no nature")
    found = notices.found.filter(lambda word: ~word.startswith(RETRACTS))
    return notices.mutate(
        decided=(decides & ~is_silent & (found.length() > 0)).ifelse(found, ibis.array([nothing])),
        corrects=is_corrector.ifelse(notices.former, nothing),
        retracts=(decides & ~is_silent).ifelse((retracts == NAMED_NOTICE).ifelse(ANY_ACTION, retracts), nothing),
        unlisted_nature=(is_known | is_undecided).ifelse(nothing, nature),
        undecided_nature=is_undecided.ifelse(nature, nothing),
        undecided_text=is_undecided.ifelse(
            is_lost.ifelse("the notice that it removes is not named", notices.complement.left(SHOWN)), nothing
        ),
    )


# What every notice has, whatever its family.
NOTICE_COLUMNS: Final = {
    "identifier": Column(("id", "Identifiant", "Identifiant de l'annonce", "Identifiant unique"), text),
    "bulletin": Column(("publicationavis", "Bulletin", "Publication"), text, required=False),
    "issue": Column(("parution", "Parution", "Numéro de parution"), text, required=False),
    "number": Column(("numeroannonce", "Numéro d'annonce", "Numéro de l'annonce"), text, required=False),
    "published_on": Column(
        ("dateparution", "Date de parution", "Date de publication", "Date parution"), publication_day
    ),
    "kind": Column(("typeavis", "typeavis_lib", "Type d'avis", "Type avis"), plain_text, required=False),
    "family": Column(
        ("familleavis", "familleavis_lib", "Famille d'avis", "Famille avis", "Catégorie d'avis", "Famille"),
        plain_text,
    ),
    "register": Column(("registre", "Registre", "RCS", "Numéro RCS"), sirens, required=False),
    "persons": Column(("listepersonnes", "Liste des personnes", "Liste personnes"), sirens_of_persons, required=False),
    "former": Column(
        ("parutionavisprecedent", "Parution avis précédent", "Parution de l'avis précédent", "Avis précédent"),
        former_notice,
        required=False,
    ),
}
BODACC = Source(
    name="bodacc",
    en="insolvency procedures",
    fr="procédures collectives",
    provider="DILA, BODACC",
    files=EXPORT,
    columns={
        **NOTICE_COLUMNS,
        "judgement": Column(("jugement", "Jugement"), judgement, required=False),
        "judged_on": Column(("jugement", "Jugement"), judgement_day, required=False),
    },
    known_at=After("published_on", 0),
    tidy=_tidy,
    flow_key=("notice", "siren", "action"),
    unlisted="unlisted_nature",
    undecided=("undecided_nature", "undecided_text"),
    takes=is_on_insolvency,
)
