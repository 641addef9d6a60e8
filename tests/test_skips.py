"""A test that is skipped in CI is a check that nobody made: the run fails, unless the skip is allowed."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent / "conftest.py"
TESTS = """
import pytest

def test_that_runs():
    assert True

@pytest.mark.skip(reason="No Chromium on this machine")
def test_in_a_browser():
    assert True
"""
MODULE = 'import pytest\npytest.importorskip("no_such_package", reason="No such package")\n'


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_two.py").write_text(TESTS)
    for name in ("CI", "ALLOWED_SKIPS"):
        monkeypatch.delenv(name, raising=False)

    def pytest_in(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:slipcover", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    return pytest_in


def test_outside_ci_a_skip_is_told_and_the_run_passes(run):
    done = run()
    assert done.returncode == 0
    assert "SKIPPED test_two.py::test_in_a_browser: Skipped: No Chromium on this machine" in done.stdout


def test_in_ci_a_skip_that_nothing_allows_fails_the_run_and_is_named(run):
    done = run(CI="true")
    assert done.returncode == 1
    assert "nothing allows this to be skipped in CI: test_two.py::test_in_a_browser" in done.stdout


def test_in_ci_an_allowed_skip_passes(run):
    assert run(CI="true", ALLOWED_SKIPS="chromium postgresql").returncode == 0
    assert run(CI="true", ALLOWED_SKIPS="postgresql").returncode == 1


def test_a_module_that_skips_itself_is_no_exception(run, tmp_path):
    (tmp_path / "test_module.py").write_text(MODULE)
    done = run(CI="true", ALLOWED_SKIPS="chromium")
    assert done.returncode == 1
    assert "No such package" in done.stdout
