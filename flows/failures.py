"""Failures of the environment (disk, memory, damaged files of our own, a stop signal), told as one sentence each."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NoReturn

from features.errors import InputError
from features.spark import LOG, why

STAYS: Final = "What was published stays as it was; the same command starts again."
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What DuckDB says in its own words, where the system's error number is lost.
FULL_WORDS: Final = ("No space left", "Disk quota exceeded", "File too large")
WITHOUT_MEMORY: Final = f"There is not enough memory. Close other programs, or set memory_gb lower. {STAYS}"


class StoppedError(BaseException):
    """The program was asked to end, by a person, a scheduler or a shutdown.

    No KeyboardInterrupt, which the command line's library would take for its own.
    """


@contextmanager
def told(say: Callable[[str], None]) -> Iterator[None]:
    """End the program with one sentence and an exit code where what runs within fails.

    An error that is none of the user's or of the environment is ours, and keeps its traceback.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        yield
        # What is still unwritten fails here, rather than in the interpreter's last moments.
        sys.stdout.flush()
    except InputError as error:
        _end(say, str(error), 1)
    except StoppedError as stopped:
        (number,) = stopped.args
        # The code that a shell gives to a program ended by this signal.
        _end(say, f"Stopped ({signal.Signals(number).name}). {STAYS}", 128 + number)
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        _end(say, sentence, 1)


def sentence_of(error: BaseException) -> str | None:
    """What happened and what to do; None where the environment is not the cause."""
    text = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, BrokenPipeError):
        return f"Nobody reads what this command prints any more. {STAYS}"
    if _is_full(error, text):
        return f"The disk is full ({text}). Make room, or give another folder with --data. {STAYS}"
    # DuckDB's own class is not imported here: most commands need no engine.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        return WITHOUT_MEMORY
    if type(error).__module__.startswith("sqlalchemy."):
        return (
            f"A database can't be used ({text}). Start it, or restore its back-up; which: weaksignals doctor. {STAYS}"
        )
    if type(error).__module__.startswith(("pyspark.", "py4j.")):
        return f"The Spark cluster failed ({why(error)}). What it said is in {LOG} of the data folder. {STAYS}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}. See the rights and the disk of that folder. {STAYS}"
    if isinstance(error, OSError):
        return f"The system refused: {text}. {STAYS}"
    return None


def _is_full(error: BaseException, text: str) -> bool:
    return (isinstance(error, OSError) and error.errno in FULL) or any(word in text for word in FULL_WORDS)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise StoppedError(number)


def _end(say: Callable[[str], None], sentence: str, code: int) -> NoReturn:
    # Standard error may be closed too.
    with suppress(OSError):
        say(sentence)
    # What can't be written any more must not be tried again at the very end.
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)
