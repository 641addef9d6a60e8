import multiprocessing
import os
import signal
import time

import pytest

from features import store
from features.errors import InputError


def test_a_folder_appears_whole_when_its_writer_is_done(tmp_path):
    with store.new_folder(tmp_path / "table") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "table").exists()
    assert (tmp_path / "table" / "a").read_text() == "1"


def test_a_writer_that_fails_leaves_the_last_good_state(tmp_path):
    with store.new_folder(tmp_path / "table") as folder:
        (folder / "a").write_text("good")
    with pytest.raises(ZeroDivisionError), store.new_folder(tmp_path / "table") as folder:  # noqa: PT012
        (folder / "a").write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "table" / "a").read_text() == "good"
    assert len(list((tmp_path / store.VERSIONS).iterdir())) == 1


def test_a_replaced_folder_leaves_nothing_behind(tmp_path):
    for text in ("old", "new"):
        with store.new_folder(tmp_path / "table") as folder:
            (folder / text).write_text(text)
    assert [path.name for path in (tmp_path / "table").iterdir()] == ["new"]
    assert len(list((tmp_path / store.VERSIONS).iterdir())) == 1


def test_a_plain_folder_that_we_did_not_write_is_never_replaced(tmp_path):
    (tmp_path / "table").mkdir()
    with pytest.raises(InputError, match="plain folder"), store.new_folder(tmp_path / "table"):
        pass


def _write_half_and_wait(target, started):
    with store.new_folder(target) as folder:
        (folder / "half").write_text("half")
        started.set()
        time.sleep(60)


def test_what_a_killed_writer_left_is_swept_by_the_next_run(tmp_path):
    with store.new_folder(tmp_path / "table") as folder:
        (folder / "a").write_text("good")
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    writer = context.Process(target=_write_half_and_wait, args=(tmp_path / "table", started))
    writer.start()
    assert started.wait(30)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    assert len(list((tmp_path / store.VERSIONS).iterdir())) == 2
    with store.locked(tmp_path):
        pass
    assert len(list((tmp_path / store.VERSIONS).iterdir())) == 1
    assert (tmp_path / "table" / "a").read_text() == "good"


def test_two_writers_never_share_a_data_folder(tmp_path):
    with store.locked(tmp_path), pytest.raises(InputError, match="Another run"), store.locked(tmp_path):
        pass


def test_a_file_is_replaced_whole(tmp_path):
    store.write_text(tmp_path / "f", "a")
    store.write_text(tmp_path / "f", "b")
    assert (tmp_path / "f").read_text() == "b"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
