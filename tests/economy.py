"""One simulated economy with its feature table, made once for all the processes that run the tests."""

import fcntl
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from features.folder import BUILD, MADE_OF, FeatureTable
from features.received import read_reports, staged_names, write_reports
from features.records import write_record
from features.sources import SOURCES
from features.store import digest
from features.table_record import BUILD_UPGRADES, PERIOD_UPGRADES
from flows import stages
from flows.settings import load
from tests.commands import weaksignals

FIRMS = 1200
# As short a history as trains a model, as settings and for commands; and a model as small as serves.
SHORT = {"history_months": 66, "every_months": 6, "origins": 1}
VARIABLES = {f"WEAKSIGNALS_{name.upper()}": str(value) for name, value in SHORT.items()}
SMALL_MODEL = "[hyperparameters]\nn_estimators = 60\nmin_child_samples = 50\n"


def sealed(features: Path) -> None:
    """Make a feature table that a test altered on purpose pass for what was built."""
    table = FeatureTable(features)
    record = replace(table.record, contents={name: digest(features / name) for name in table.record.contents})
    write_record(features / BUILD, record, BUILD_UPGRADES)
    for period in table.periods:
        made = table.made_of(period)
        contents = {name: digest(table.part(period) / name) for name in made.contents}
        write_record(table.part(period) / MADE_OF, replace(made, contents=contents), PERIOD_UPGRADES)


def sealed_records(staged: Path) -> None:
    """Make records that a test altered on purpose pass for what was read."""
    for source in SOURCES:
        reports, folder = read_reports(staged, source.name), staged / source.name
        named = zip(reports, staged_names(reports), strict=True)
        write_reports(folder, [replace(one, staged_sha256=digest(folder / name)) for one, name in named])


def command(*arguments: object) -> CompletedProcess[str]:
    """A command on so short a history, which has ended, with what it printed."""
    return weaksignals(*arguments, variables=VARIABLES)


def made_once(factory: pytest.TempPathFactory) -> Path:
    """A data folder with `raw` beside it, `staged` and `features`; whoever writes in it takes a copy."""
    return _once(factory, "economy", _made) / "data"


def staged_once(factory: pytest.TempPathFactory) -> Path:
    """The records of a small economy, of 250 firms up to January 2024; whoever writes in the folder takes a copy."""
    return _once(factory, "small economy", _staged) / "staged"


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, for all processes.

    With pytest-xdist, each process has a base folder below that of the run: the first to come fills the folder there.
    """
    base = factory.getbasetemp()
    root = (base.parent if base.name.startswith("popen-") else base) / name
    root.mkdir(exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "made").exists():
            make(root)
            (root / "made").touch()
    return root


def _made(root: Path) -> None:
    settings = load(data=root / "data", **SHORT)
    stages.simulate(root / "raw", FIRMS, date(2024, 1, 1), 0, print)
    stages.ingest(settings, root / "raw", print)
    stages.build(settings, None, None, print)


def _staged(root: Path) -> None:
    stages.simulate(root / "raw", 250, date(2024, 1, 1), 5, print)
    stages.ingest(load(data=root), root / "raw", print)
