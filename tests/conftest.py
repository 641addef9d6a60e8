"""What every test run keeps to: in CI, a test that is skipped is a check that nobody made."""

import os

import pytest

# The tables of the tests are tiny: Spark would cut each of them into 200 parts.
os.environ.setdefault(
    "PYSPARK_SUBMIT_ARGS",
    "--conf spark.sql.shuffle.partitions=2 pyspark-shell",
)


class Skips:
    """Tells what was skipped and why; in CI, a skip that nothing allows fails the run."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._add(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._add(report)

    def _add(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
            self.found.append(f"{report.nodeid}: {reason}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if unexpected(self.found, os.environ) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for skip in sorted(set(self.found)):
            terminalreporter.write_line(f"SKIPPED {skip}")
        for skip in unexpected(self.found, os.environ):
            terminalreporter.write_line(f"ERROR: nothing allows this to be skipped in CI: {skip}", red=True)


def unexpected(skips: list[str], environment: os._Environ[str] | dict[str, str]) -> list[str]:
    """In CI, the skips without any word of ALLOWED_SKIPS, which .ci/run sets where a program could not be installed."""
    if environment.get("CI", "").lower() not in ("1", "true"):
        return []
    words = environment.get("ALLOWED_SKIPS", "").split()
    return sorted(skip for skip in set(skips) if not any(word.lower() in skip.lower() for word in words))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no process is left alone with them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_configure(config: pytest.Config) -> None:
    # With several processes, the one that starts the others tells.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips(), "skips")
