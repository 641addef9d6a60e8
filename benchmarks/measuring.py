"""What a whole process takes: time, memory, and bytes read and written. Linux only."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KIB: Final = 1024
# Where figures go.
FIGURES: Final = Path(__file__).parent / "figures"


@dataclass(frozen=True)
class Measured:
    """What a process took, its children included but for their bytes.

    wall, cpu: in seconds. peak: the most memory of the process, in bytes. read, written: bytes that it asked for, from
    the disk or from memory. last: what it said at its end. is_done: whether it ended well.
    """

    wall: float
    cpu: float
    peak: int
    read: int
    written: int
    last: str
    is_done: bool


def measured(command: Sequence[str], output: Path) -> Measured:
    """Run a command to its end, and measure it. output: the file that gets what it says."""
    start = time.perf_counter()
    with output.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
    # Not reaped yet: what it has read and written can still be asked for.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    wall, counts = time.perf_counter() - start, _counts(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    lines = output.read_text(errors="replace").strip().splitlines()
    return Measured(
        wall=wall,
        cpu=_cpu(used),
        peak=used.ru_maxrss * KIB,
        read=counts.get("rchar", 0),
        written=counts.get("wchar", 0),
        last=lines[-1] if lines else "",
        is_done=process.returncode == 0,
    )


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _counts(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


def machine() -> dict[str, str]:
    """Where it was measured: processor, cores, memory, Python."""
    names = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return {
        "processor": names[0] if names else "unknown",
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.1f} GB",
        "load when it began": f"{os.getloadavg()[0]:.1f}",
        "python": sys.version.split()[0],
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
