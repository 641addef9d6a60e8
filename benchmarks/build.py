"""Speed and memory of simulate, ingest and build, each in its own process: `python benchmarks/build.py`."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
KIB_PER_GB = 1024**2


def measured(*arguments: str) -> tuple[float, float, str]:
    """Seconds, peak gigabytes of the largest process so far, and the last line printed."""
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / KIB_PER_GB
    return seconds, peak, done.stdout.strip().splitlines()[-1]


def main() -> None:
    """Print one line per step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, default=None, help="Where to work; a temporary folder if not given.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        raw, data = f"{folder}/raw", f"{folder}/data"
        print(f"{options.firms:,} firms, {os.cpu_count()} cores")
        for step in (
            ("simulate", raw, "--firms", str(options.firms)),
            ("ingest", raw, "--data", data),
            ("build", "--data", data),
        ):
            seconds, peak, last = measured(*step)
            print(f"{step[0]}: {seconds:.0f} s, peak so far {peak:.1f} GB. {last.replace(folder, '')}", flush=True)


if __name__ == "__main__":
    main()
