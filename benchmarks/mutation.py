"""Do the tests notice? How many small faults, planted one at a time, they find: `python benchmarks/mutation.py`.

The faults ("mutants") are made by mutmut's operators. They are planted here and not by mutmut itself, which leaves out
decorated functions (the features, the writer of folders) and tables at module level (the rules of the routes), and runs
the same choice of tests for all modules. Annotations, decorators, docstrings, and sentences for people (any string that
holds a space) are left alone. Each mutant runs in a fork of a process that has imported the libraries and has not yet
opened DuckDB, whose threads would not survive the fork. Hypothesis tests don't run: a score must not hang on chance.
"""

import argparse
import gc
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import accumulate, islice
from pathlib import Path
from types import CodeType, ModuleType

import ibis
import libcst as cst
import pytest
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

CALIBRATION = (
    "tests/models/calibration/test_calibration_by_hand.py",
    "tests/models/calibration/test_calibration.py",
)
TESTED_BY = {
    "features/procedures.py": ("tests/features/test_procedures.py",),
    "features/grid.py": ("tests/features/test_grid.py",),
    "features/windows.py": ("tests/features/test_windows.py",),
    "features/perimeter.py": ("tests/features/test_perimeter.py",),
    "features/register.py": ("tests/features/test_register.py",),
    "features/target.py": ("tests/features/test_target.py",),
    "features/themes/social_debt.py": ("tests/features/themes/test_social_debt.py",),
    "features/accounts.py": ("tests/features/test_accounts.py",),
    "features/checks.py": ("tests/features/test_checks.py",),
    "features/store.py": ("tests/features/test_store.py",),
    "models/alerts.py": ("tests/models/calibration/test_thresholds.py",),
    "models/calibration/thresholds.py": ("tests/models/calibration/test_thresholds.py",),
    "models/calibration/shapes.py": CALIBRATION,
    "models/calibration/fitting.py": CALIBRATION,
    "models/calibration/choice.py": CALIBRATION,
    "models/calibration/base_rate.py": CALIBRATION,
    "models/calibration/reliability.py": CALIBRATION,
    "models/registry/gates.py": ("tests/models/registry/test_gates.py",),
    "models/explanation/shapley.py": ("tests/models/explanation/test_shapley.py",),
    "models/registry/promotion.py": ("tests/models/registry/test_promotion.py",),
    "reports/confidentiality.py": ("tests/reports/test_confidentiality.py",),
    "reports/review/access.py": ("tests/reports/review/test_access.py",),
    "reports/review/guessing.py": ("tests/reports/review/test_guessing.py",),
}
GOAL = 0.85
HERE = Path(__file__).resolve().parents[1]
PYTEST = ("-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not slow and not hypothesis")
# A mutant that loops for ever is found as well.
TIMES_AS_LONG, MORE_SECONDS, SECONDS_AS_IT_IS = 5, 10, 600
SEEN_BY_NOBODY = ("len", "isinstance")


@dataclass(frozen=True)
class Mutant:
    """A module with one fault, and where it stands."""

    line: int
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class Score:
    """How many mutants of a module its tests found, and those that they did not."""

    module: str
    mutants: int
    killed: int
    survivors: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of the mutants, those found."""
        return self.killed / self.mutants


class _Finder(cst.CSTVisitor):
    """The places to mutate, and what to put there."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[CodeRange, cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_alone(node):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                place = self.get_metadata(PositionProvider, node)
                self.found.extend((place, node, mutated) for mutated in operator(node))
        return True


def _is_left_alone(node: cst.CSTNode) -> bool:
    match node:
        case cst.Annotation() | cst.Decorator() | cst.Import() | cst.ImportFrom():
            return True
        case cst.SimpleString(value=text):
            return " " in text
        case cst.Call(func=cst.Name(value=name)):
            return name in SEEN_BY_NOBODY
    return False


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder()
    wrapper.visit(finder)
    starts = list(accumulate(map(len, source.splitlines(keepends=True)), initial=0))
    for place, node, mutated in finder.found:
        before, after = (wrapper.module.code_for_node(part) for part in (node, mutated))
        start, end = (starts[at.line - 1] + at.column for at in (place.start, place.end))
        if source[start:end] == before:
            changed = source[:start] + after + source[end:]
        else:  # What a node is written as holds spaces that its place leaves out.
            changed = cst.ensure_type(wrapper.module.deep_replace(node, mutated), cst.Module).code
        if _compiles(changed):
            yield Mutant(place.start.line, _on_one_line(before), _on_one_line(after), changed)


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _on_one_line(code: str) -> str:
    return " ".join(code.split())


class _Loader(SourceFileLoader):
    """Loads a module from the source of a mutant."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the name in importlib's protocol
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _Importer:
    """Finds the mutant where the module is asked for."""

    def __init__(self, path: str, source: str) -> None:
        self.name, self.path, self.source = path.removesuffix(".py").replace("/", "."), path, source

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        if name != self.name:
            return None
        place = str(Path(self.path).resolve())
        return importlib.util.spec_from_file_location(name, place, loader=_Loader(name, place, self.source))


def _warm_up(tests: Sequence[str]) -> None:
    """Import what the tests do, and the engine's compiler, and forget our own modules again."""
    pytest.main([*PYTEST, "--collect-only", "-qq", *tests])
    ibis.to_sql(ibis.memtable({"a": [1]}), dialect="duckdb")
    for name in [name for name, module in sys.modules.items() if name != "__main__" and _is_ours(module)]:
        del sys.modules[name]
    gc.collect()
    gc.freeze()


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(HERE) and "site-packages" not in file


def _in_fork(work: Callable[[], int], seconds: int) -> int:
    """Start the work in a fork that is silent and ends after so many seconds; its process number."""
    number = os.fork()
    if number:
        return number
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    code = 1
    try:
        code = work()
    finally:
        os._exit(code)


class _KillersFirst:
    """Runs those tests first that killed the last mutants: the next ones are near, and often die by the same."""

    def __init__(self, killers: Path) -> None:
        self.killers = killers

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        killers = self.killers.read_text().splitlines()
        places = {name: place for place, name in enumerate(killers)}
        items.sort(key=lambda item: -places.get(item.nodeid, -1))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            with self.killers.open("a") as file:
                file.write(f"{report.nodeid}\n")


def _tested(path: str, source: str, tests: Sequence[str], killers: Path) -> int:
    sys.meta_path.insert(0, _Importer(path, source))
    return int(pytest.main([*PYTEST, *tests], plugins=[_KillersFirst(killers)]))


def _survivors(planted: Iterable[Mutant], tested: Callable[[str], int], jobs: int, seconds: int) -> list[Mutant]:
    running: dict[int, Mutant] = {}
    survivors: list[Mutant] = []

    def collect() -> None:
        number, status = os.wait()
        mutant = running.pop(number)
        if status == 0:
            survivors.append(mutant)
            print(f"  survives: {_told(mutant)}", flush=True)

    for mutant in planted:
        if len(running) == jobs:
            collect()
        running[_in_fork(partial(tested, mutant.source), seconds)] = mutant
    while running:
        collect()
    return sorted(survivors, key=lambda mutant: mutant.line)


def _told(mutant: Mutant) -> str:
    return f"line {mutant.line}: {mutant.before} -> {mutant.after}"


def score(path: str, tests: Sequence[str], jobs: int, every: int = 1) -> Score:
    """Plant every fault in a module, one at a time, and run its tests on each.

    every: 4 plants a fourth of them, spread over the module.
    Raises SystemExit where the tests fail on the module as it is.
    """
    source = Path(path).read_text()
    _warm_up(tests)
    with tempfile.NamedTemporaryFile() as killers:
        tested = partial(_tested, path, tests=tests, killers=Path(killers.name))
        start = time.monotonic()
        _, status = os.waitpid(_in_fork(partial(tested, source), SECONDS_AS_IT_IS), 0)
        if status:
            raise SystemExit(f"{path}: its tests fail already. Run {' '.join(tests)} first.")
        seconds = int(TIMES_AS_LONG * (time.monotonic() - start) + MORE_SECONDS)
        planted = list(islice(mutants(source), 0, None, every))
        print(f"{path}: {len(planted)} mutants, up to {seconds} s each", flush=True)
        survivors = _survivors(planted, tested, jobs, seconds)
    print(f"  {len(planted) - len(survivors)} of {len(planted)} killed in {time.monotonic() - start:.0f} s", flush=True)
    return Score(path, len(planted), len(planted) - len(survivors), tuple(map(_told, survivors)))


def main() -> None:
    """Print a Markdown table of the scores, and fail where one is under the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help=f"Which of {', '.join(TESTED_BY)}; all if none is given.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="4 plants a fourth of the faults: quick, and less exact.")
    parser.add_argument("--json", type=Path, help="Where to write scores and survivors; scores of other modules stay.")
    options = parser.parse_args()
    sys.path.insert(0, str(HERE))
    # Libraries that share out their work would wait for one another's threads.
    os.environ["OMP_NUM_THREADS"] = "1"
    scores = [score(path, TESTED_BY[path], options.jobs, options.every) for path in options.modules or TESTED_BY]
    print("| module | mutants | killed | share |\n|---|---:|---:|---:|")
    for one in scores:
        print(f"| `{one.module}` | {one.mutants} | {one.killed} | {one.share:.0%} |")
    if options.json:
        former = json.loads(options.json.read_text()) if options.json.exists() else {}
        found = former | {one.module: asdict(one) for one in scores}
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if any(one.share < GOAL for one in scores):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
