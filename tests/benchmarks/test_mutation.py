"""Which small faults are planted, and which parts of a module are left alone."""

from benchmarks.mutation import mutants

SOURCE = '''"""A module."""

from typing import Final

LIMIT: Final = 12


@decorated(unit="EUR")
def debt(due: float | None = None) -> str:
    """What is due."""
    return "too much debt" if due > LIMIT else "fine"
'''


def planted(source):
    return {(mutant.line, mutant.before, mutant.after) for mutant in mutants(source)}


def test_constants_comparisons_branches_and_codes_are_mutated_in_decorated_functions_too():
    assert planted(SOURCE) >= {
        (5, "12", "13"),
        (5, "LIMIT: Final = 12", "LIMIT: Final = None"),
        (11, "> LIMIT", ">= LIMIT"),
        (11, '"fine"', '"XXfineXX"'),
    }


def test_annotations_decorators_docstrings_and_sentences_are_left_alone():
    assert {line for line, _, _ in planted(SOURCE)} == {5, 11}
    assert not any(before == '"too much debt"' for _, before, _ in planted(SOURCE))


def test_a_mutant_is_the_whole_module_with_one_fault():
    for mutant in mutants(SOURCE):
        lines = zip(SOURCE.splitlines(), mutant.source.splitlines(), strict=True)
        assert [number for number, (was, now) in enumerate(lines, 1) if was != now] == [mutant.line]
