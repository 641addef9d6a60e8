"""Deliveries with one instance of each fault that real ones have, small enough to be read by eye."""

from pathlib import Path

REGISTER = "siren,denominationUniteLegale,categorieJuridiqueUniteLegale,etatAdministratifUniteLegale,statutDiffusionUniteLegale"
PROCEDURES = "Siret;Siren;Dt_effet;Cat_v2;Lib_actx_stdx"
DEBTS = "num_cpte;Siren;Siret;Periode;Num_Ecn;Num_Hist_Ecn;Dt_trt_ecn;Mt_PO;Mt_PP;Cd_op_ecn"
HEADCOUNTS = "siren;eff202331;eff202332;rais_soc"
NOTICES = "id;dateparution;familleavis;registre;jugement"
JUDGEMENT = '"{{""nature"": ""{}"", ""date"": ""2023-06-01"", ""complementJugement"": ""{}""}}"'
ATTACK = "<script>alert(1)</script>"
DEBT = "9;005520135;00552013500012;201712;659;{};1160318;195907;864497;3"


def write(folder: Path, name: str, *lines: str, end: str = "\n", code: str = "utf-8") -> None:
    """A file of a batch."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes((end.join(lines) + end).encode(code))


def sound(raw: Path, batch: str = "2401") -> Path:
    """A batch with nothing to remark: a register, a procedure, twenty debts."""
    folder = raw / batch
    write(folder, "StockUniteLegale_utf8.csv", REGISTER, "005520135,ÉTÉ,5710,A,O")
    write(
        folder, "sigfaible_pcoll.csv", PROCEDURES, "00552013500012;005520135;26MAY2014;1;Solde_procedure_redressement"
    )
    write(folder, "sigfaible_debits.csv", DEBTS, *(DEBT.format(n) for n in range(20)))
    return folder


def former(raw: Path) -> Path:
    """The delivery of two months before, with a headcount file that the faulty one lacks."""
    folder = sound(raw, "2311")
    write(folder, "sigfaible_effectif_siren.csv", HEADCOUNTS, "005520135;12;13;A")
    return folder


def faulty(raw: Path) -> Path:
    """A batch with every fault, after one that is not: see `former`.

    Encoding by line, odd line ends, control characters, a quoted line break, UTF-16, lines and cells that can't be
    read, markup, a wrong SIREN, a line told twice, half of the debts of the month before, columns that are absent or
    empty, a word and a nature that are unknown, judgements that can't be decided, files that no source takes.
    """
    folder = sound(raw, "2401")
    names = ['005520135,"FIRME\r\n12",5710,A,O', "100000009,FIR\x1fME,5710,A,O", "100000001,CAF\udce9,5710,A,O"]
    text = "\r\r\n".join(["", REGISTER, *names, ""])
    (folder / "StockUniteLegale_utf8.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    end_of_procedure = "00552013500012;005520135;26MAY2014;1;fermeture_de_rideau"
    write(folder, "sigfaible_pcoll.csv", PROCEDURES, end_of_procedure, code="utf-16")
    header = DEBTS.replace(";Cd_op_ecn", "")
    lines = [DEBT.format(n).removesuffix(";3") for n in range(10)]
    wrong = [
        lines[0].replace("1160318", ATTACK),
        lines[0].replace("201712", "199904").replace(";659;", ";660;"),
        lines[0] + ";stray",
    ]
    write(folder, "sigfaible_debits.csv", header, *lines, lines[0], *wrong, end="\r\n")
    write(
        folder,
        "annonces-commerciales.csv",
        NOTICES,
        f"A1;2023-06-15;collective;005520135;{JUDGEMENT.format('Jugement de liquidation judiciaire accélérée', '')}",
        f"A2;2023-06-15;collective;005520135;{JUDGEMENT.format('Autre jugement et ordonnance', 'Arrête le plan')}",
        f"A3;2023-06-15;collective;005520135;{JUDGEMENT.format('Avis de dépôt', '')}",
    )
    write(folder, "dettes_janvier.csv", DEBTS, DEBT.format(1))
    write(folder, "demande_ap_2402.csv", "x", "1")
    return folder
