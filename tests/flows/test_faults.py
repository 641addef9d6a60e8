"""What happens to a run, really done to it: killed, out of disk, in odd places. No list is lost, none is half published.

They take minutes, and run with `make test NIGHTLY=1`.
"""

import ctypes
import hashlib
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from features import store
from tests.commands import started
from tests.economy import SMALL_MODEL, VARIABLES, made_once
from tests.flows.test_failures import with_a_disk_of

pytestmark = pytest.mark.nightly
MONTH = "2024-02"
KILLS = 20
# Of Linux: what lets root write where nobody may (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER).
PR_CAPBSET_DROP, POWERS = 24, (1, 2, 3)


def run(*arguments, variables=None, **options):
    """A command that has ended: exit code, what it printed, what it told; never a traceback."""
    process = started(*arguments, variables={**VARIABLES, **(variables or {})}, **options)
    shown, said = process.communicate(timeout=900)
    assert "Traceback" not in said
    return process.returncode, shown, said


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.resolve().iterdir()}


def read_whole(link):
    """The digests of a published folder, read again where it was replaced meanwhile: the former one goes file by file."""
    while True:
        version = link.resolve()
        with suppress(FileNotFoundError):
            found = digests(version)
            if link.resolve() == version:
                return found


def published(data):
    """The bytes of the list and of the scores of the month."""
    return digests(data / "lists" / MONTH), digests(data / "scores" / f"period={MONTH}-01")


def with_settings(data):
    """The folder, in which models are as small as serves."""
    (data / "weaksignals.toml").write_text(SMALL_MODEL)
    return data


def without_power_over_files():
    """From its next program on, the process may write only where the modes of files let it, also as root."""
    kernel = ctypes.CDLL(None)
    for power in POWERS:
        kernel.prctl(PR_CAPBSET_DROP, power, 0, 0, 0)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return made_once(tmp_path_factory).parent / "raw"


@pytest.fixture(scope="module")
def undisturbed(raw, tmp_path_factory):
    """The data folder of a run that nothing disturbed, and the seconds that it took."""
    data, before = with_settings(tmp_path_factory.mktemp("undisturbed")), time.monotonic()
    code, _, said = run("run", raw, "--data", data)
    assert code == 0, said
    return data, time.monotonic() - before


@pytest.fixture
def house(undisturbed, tmp_path):
    """A copy of it, to do things to."""
    return shutil.copytree(undisturbed[0], tmp_path / "data", symlinks=True)


def test_a_run_killed_at_twenty_moments_ends_as_one_never_killed(raw, undisturbed, tmp_path):
    data, took = undisturbed
    with_settings(tmp_path)
    moments = random.Random(15)  # noqa: S311 - not a secret
    for _ in range(KILLS):
        killed = started(
            "run", raw, "--data", tmp_path, variables=VARIABLES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # Without the training that one of them came to the end of, a run ends sooner than the first.
        with suppress(subprocess.TimeoutExpired):
            killed.wait(moments.uniform(0.5, took))
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        for path in (tmp_path / "lists").glob("[0-9]*"):
            assert digests(path) == digests(data / "lists" / path.name)
    code, _, said = run("run", raw, "--data", tmp_path)
    assert code == 0, said
    assert published(tmp_path) == published(data)


@pytest.mark.parametrize(
    ("stage", "size"),
    [
        (("ingest",), 20_000),
        (("build", "--rebuild"), 50_000),
        (("train",), 20_000),
        (("score",), 20_000),
        (("monitor",), 5_000),
        (("backup",), 100_000),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_disk_that_is_full_in_the_middle_of_a_stage_keeps_the_last_good_state(stage, size, house, raw, tmp_path):
    before = published(house)
    given = {"ingest": [raw], "backup": [tmp_path / "all.tar"]}.get(stage[0], [])
    code, _, said = run(*stage, *given, "--data", house, preexec_fn=with_a_disk_of(size))
    assert code == 1
    assert "The disk is full" in said
    assert published(house) == before
    assert not (tmp_path / "all.tar").exists()
    code, _, said = run("score", "--data", house)
    assert code == 0, said
    assert published(house) == before


def test_a_folder_whose_path_holds_blanks_accents_and_a_per_cent_sign_is_a_folder(house, undisturbed, tmp_path):
    odd = tmp_path / "données d'été à 100 %"
    house.rename(odd)
    for step in (("build", "--rebuild"), ("score",), ("monitor",), ("settings",)):
        code, _, said = run(*step, "--data", odd)
        assert code == 0, said
    assert published(odd) == published(undisturbed[0])


@pytest.mark.parametrize(
    "variables",
    [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"TZ": "Pacific/Auckland"}, {"TZ": "America/Los_Angeles"}],
    ids=str,
)
def test_the_list_is_the_same_in_the_c_locale_and_in_other_time_zones(house, undisturbed, variables):
    for step in (("build", "--rebuild"), ("score",)):
        code, _, said = run(*step, "--data", house, variables=variables)
        assert code == 0, said
    assert published(house) == published(undisturbed[0])


def test_a_folder_that_may_only_be_read_is_told_and_stays_as_it_was(house, undisturbed):
    for path in (house, *house.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    code, _, said = run("score", "--data", house, preexec_fn=without_power_over_files)
    assert code == 1
    assert "Permission denied" in said
    assert published(house) == published(undisturbed[0])


def test_no_lock_needs_a_hand_after_its_holder_was_killed(house):
    holder = started("build", "--rebuild", "--data", house, variables=VARIABLES)
    assert holder.stderr.readline()
    code, _, said = run("score", "--data", house)
    assert code == 1
    assert "build" in said
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert run("score", "--data", house)[0] == 0
    with store.locked(Path(house)):
        pass


def test_readers_see_a_whole_list_while_it_is_published_again_and_again(house, undisturbed):
    expected = published(undisturbed[0])[0]
    writer = started(
        "score", "--data", house, variables=VARIABLES, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    seen = 0
    while writer.poll() is None:
        assert read_whole(house / "lists" / MONTH) == expected
        seen += 1
    assert writer.returncode == 0
    assert seen > 10
