"""Which lines of the files were known of a firm, and of which sources a figure is made."""

from datetime import date

from features.lineage import delivered_sources
from reports.review.data import Reader
from reports.review.tracing import lines_of
from tests.tables import table

ACCOUNTS = """
    siren | closed_on  | turnover | known_at   | batch | file   | line
    1     | 2021-12-31 | 100      | 2022-07-31 | 2401  | ratios | 2
    1     | 2022-12-31 | 200      | 2023-07-31 | 2401  | ratios | 3
    2     | 2022-12-31 | 300      | 2023-07-31 | 2401  | ratios | 4
"""
NOTICES = """
    siren | kind    | closed_on  | published_on | known_at   | notice | is_confidential | batch | file    | line
    1     | deposit | 2021-12-31 | 2023-02-01   | 2023-02-01 | C1     | false           | 2401  | notices | 2
    1     | deposit | 2022-12-31 | 2023-05-10   | 2023-05-10 | C2     | false           | 2401  | notices | 3
"""


def test_accounts_are_among_the_lines_known_from_the_notice_of_their_deposit_on(tmp_path):
    for name, text in (("financial_ratios", ACCOUNTS), ("legal_notices", NOTICES)):
        (tmp_path / "staged" / name).mkdir(parents=True)
        rows = table(text, siren="string", batch="string", line="int64", is_confidential="string")
        rows.to_parquet(tmp_path / "staged" / name / "2401-0.parquet")

    def known(period):
        sources = delivered_sources(["financial_ratios"])
        found = lines_of(Reader(tmp_path), sources, "1", period)
        return [(record.source, record.line, str(record.known_on)) for record in found]

    assert known(date(2023, 1, 1)) == []
    assert known(date(2023, 6, 1)) == [
        ("legal_notices", 3, "2023-05-10"),
        ("legal_notices", 2, "2023-02-01"),
        ("financial_ratios", 3, "2023-05-10"),
        ("financial_ratios", 2, "2023-02-01"),
    ]


def test_a_rate_of_failures_is_made_of_both_files_of_procedures():
    assert delivered_sources(["procedures"]) == ("urssaf_procedures", "bodacc")
