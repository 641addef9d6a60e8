import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
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


def test_a_former_folder_that_is_kept_can_be_read_until_the_next_run(tmp_path):
    for text in "abc":
        with store.new_folder(tmp_path / "table", keeps_former=True) as folder:
            (folder / "f").write_text(text)
        if text == "b":
            kept = folder
    assert (kept / "f").read_text() == "b"
    assert (tmp_path / "table" / "f").read_text() == "c"
    with store.locked(tmp_path):
        assert not kept.exists()
        assert (tmp_path / "table" / "f").read_text() == "c"


def test_a_plain_folder_that_we_did_not_write_is_never_replaced(tmp_path):
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "theirs").write_text("theirs")
    with pytest.raises(InputError, match="plain folder") as refused, store.new_folder(tmp_path / "table"):
        pass
    assert str(tmp_path / "table") in str(refused.value)
    assert (tmp_path / "table" / "theirs").read_text() == "theirs"


def test_a_folder_is_a_link_to_a_version_beside_it_and_moves_with_its_parent(tmp_path):
    with store.new_folder(tmp_path / "data" / "table") as folder:
        (folder / "a").write_text("1")
        assert folder.parent == tmp_path / "data" / ".versions"
        assert folder.name.startswith("table-")
    (tmp_path / "data").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "table" / "a").read_text() == "1"
    assert (tmp_path / "moved" / "table").readlink().parts[0] == ".versions"


@pytest.mark.parametrize("is_published", [True, False])
def test_what_is_removed_is_gone_with_all_its_versions(tmp_path, is_published):
    if is_published:
        with store.new_folder(tmp_path / "table") as folder:
            (folder / "a").write_text("1")
    else:
        (tmp_path / "table").mkdir()
        (tmp_path / "table" / "a").write_text("1")
    (tmp_path / "file").write_text("1")
    store.remove(tmp_path / "table")
    store.remove(tmp_path / "file")
    assert [path.name for path in tmp_path.rglob("*")] == [store.VERSIONS]


def test_two_folders_under_one_parent_live_side_by_side(tmp_path):
    for name in ("one", "two", "one"):
        with store.new_folder(tmp_path / name) as folder:
            (folder / "name").write_text(name)
    assert [(tmp_path / name / "name").read_text() for name in ("one", "two")] == ["one", "two"]


def test_a_version_that_somebody_else_removed_already_is_no_error(tmp_path):
    with store.new_folder(tmp_path / "table") as folder:
        (folder / "a").write_text("old")
    former = folder
    with store.new_folder(tmp_path / "table") as folder:
        (folder / "a").write_text("new")
        (former / "a").unlink()
        former.rmdir()
    assert (tmp_path / "table" / "a").read_text() == "new"


def test_an_interrupted_writer_cleans_up_as_well(tmp_path):
    with pytest.raises(KeyboardInterrupt), store.new_folder(tmp_path / "table"):
        raise KeyboardInterrupt
    assert list((tmp_path / store.VERSIONS).iterdir()) == []
    assert not (tmp_path / "table").exists()


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


def test_two_writers_never_share_a_data_folder_and_the_second_is_told_the_name_of_the_first(tmp_path):
    with (
        store.locked(tmp_path, "the flow run tame-otter"),
        pytest.raises(InputError, match=r"Another run is writing in .*: the flow run tame-otter, process") as refused,
        store.locked(tmp_path),
    ):
        pass
    assert str(tmp_path) in str(refused.value)
    assert (tmp_path / store.LOCK).read_text() == ""
    with store.locked(tmp_path):
        pass


def test_a_data_folder_is_made_with_its_parents_and_held_by_a_lock_that_other_processes_see(tmp_path):
    data = tmp_path / "new" / "data"
    ask = f"import fcntl; fcntl.flock(open({str(data / '.lock')!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with store.locked(data):
        told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
        assert "BlockingIOError" in told.stderr
    assert subprocess.run([sys.executable, "-c", ask]).returncode == 0


def test_scratch_is_emptied_before_a_run_and_removed_after_it_even_where_it_fails(tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "old").write_text("old")
    with pytest.raises(ZeroDivisionError), store.locked(tmp_path):  # noqa: PT012
        assert not (tmp_path / "scratch").exists()
        (tmp_path / "scratch").mkdir()
        (tmp_path / "scratch" / "new").write_text("new")
        raise ZeroDivisionError
    assert not (tmp_path / "scratch").exists()


def test_a_data_folder_that_can_not_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError) as refused, store.locked(tmp_path / "file" / "data"):
        pass
    assert str(refused.value) == (
        f"The data folder {tmp_path / 'file' / 'data'} can't be written: Not a directory. Choose another with --data."
    )


def test_a_sweep_removes_what_nothing_points_to_and_nothing_else(tmp_path):
    room = tmp_path / "deep" / "room"
    with store.new_folder(room / "table") as folder:
        (folder / "a").write_text("good")
    versions = room / store.VERSIONS
    (versions / "half").mkdir()
    (versions / "half" / "a").write_text("half")
    (versions / "x.link").symlink_to("nowhere")
    (versions / "stray").write_text("stray")
    (room / f".list.csv.{'0123456789abcdef' * 2}").write_text("half")
    (room / "plain").mkdir()
    for kept in (".list.csv.short", "list.csv", f".list.csv.{'0123456789abcdeg' * 2}"):
        (room / kept).write_text("kept")
    store.sweep(tmp_path)
    assert [version.name for version in versions.iterdir()] == [folder.name]
    assert (room / "table" / "a").read_text() == "good"
    assert sorted(path.name for path in room.iterdir()) == sorted(
        [".versions", ".list.csv.short", f".list.csv.{'0123456789abcdeg' * 2}", "list.csv", "plain", "table"]
    )


def test_a_folder_that_a_killed_writer_had_half_filled_is_swept_and_no_command_stumbles_on_it(tmp_path):
    half = tmp_path / "raw" / f".2401.{'0123456789abcdef' * 2}"
    half.mkdir(parents=True)
    (half / "debts.csv").write_text("half")
    (half.parent / f".2402.{'0123456789abcdef' * 2}").symlink_to(tmp_path / "raw")
    (half.parent / "2312").mkdir()
    with store.locked(tmp_path):
        assert [path.name for path in half.parent.iterdir()] == ["2312"]


def test_the_sweep_leaves_the_writer_of_a_data_folder_within_this_one_alone(tmp_path):
    with store.locked(tmp_path / "demo"), store.new_folder(tmp_path / "demo" / "lists" / "2024-02") as folder:
        (folder / "a").write_text("1")
        with store.locked(tmp_path):
            assert (folder / "a").exists()


def test_a_file_is_replaced_whole(tmp_path):
    store.write_text(tmp_path / "f", "a")
    store.write_text(tmp_path / "f", "b")
    assert (tmp_path / "f").read_text() == "b"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_is_made_with_its_folder_and_holds_accents_as_utf_8(tmp_path):
    store.write_text(tmp_path / "new" / "deep" / "f", "é")
    assert (tmp_path / "new" / "deep" / "f").read_bytes() == b"\xc3\xa9"
    store.write_bytes(tmp_path / "new" / "deep" / "f", b"\x00")
    assert (tmp_path / "new" / "deep" / "f").read_bytes() == b"\x00"


def test_a_file_that_can_not_take_its_place_leaves_nothing_beside_it(tmp_path):
    (tmp_path / "f").mkdir()
    with pytest.raises(OSError, match="f"):
        store.write_text(tmp_path / "f", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_is_copied_whole_where_nothing_stands_and_only_with_the_content_that_was_meant(tmp_path):
    source, target = tmp_path / "source", tmp_path / "a" / "b" / "target"
    source.write_bytes(b"one\r\ntwo")
    meant = store.digest(source)
    assert meant == hashlib.sha256(b"one\r\ntwo").hexdigest()
    assert store.copy_whole(source, target, meant)
    assert target.read_bytes() == b"one\r\ntwo"
    with pytest.raises(FileExistsError):
        store.copy_whole(source, target, meant)
    assert not store.copy_whole(source, tmp_path / "other", "0" * 64)
    assert {path.name for path in tmp_path.iterdir()} == {"source", "a"}
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_published_folder_a_plain_one_and_a_file_are_removed_with_all_that_they_held(tmp_path):
    for text in ("first", "second"):
        with store.new_folder(tmp_path / text) as folder:
            (folder / "x").write_text(text)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "y").touch()
    (tmp_path / "file").touch()
    for name in ("first", "plain", "file"):
        store.remove(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"second", store.VERSIONS}
    assert [path.name.partition("-")[0] for path in (tmp_path / store.VERSIONS).iterdir()] == ["second"]
    with store.locked(tmp_path / "alone"):
        (tmp_path / "alone" / "plain").mkdir()
        store.remove(tmp_path / "alone" / "plain")
    assert not (tmp_path / "alone" / "plain").exists()
