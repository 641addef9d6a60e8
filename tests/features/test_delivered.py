from dataclasses import replace

from features.delivered import procedures_batch
from features.received import FileReport, write_reports

READ = FileReport(
    source="bodacc", batch="2401", file="annonces-commerciales.csv", sha256="", lines=9, kept=9, rejected=0,
    unread_cells=0, first=None, last=None, firms=1, wrong_keys=0, unlisted={},
)  # fmt: skip


def staged(folder, *reports):
    (folder / "bodacc").mkdir()
    write_reports(folder / "bodacc", reports)
    return folder


def test_procedures_are_known_up_to_the_newest_delivery_that_tells_of_them(tmp_path):
    others = replace(READ, batch="2403", lines=0, kept=0)  # an export of deposits of accounts alone
    assert procedures_batch(staged(tmp_path, READ, others)) == "2401"
