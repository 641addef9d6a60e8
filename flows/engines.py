"""The engine that the settings ask for."""

from ibis.backends import BaseBackend

from features.engine import connect
from flows.settings import Settings


def connected(settings: Settings) -> BaseBackend:
    """A connection to it; raises InputError where it can't be used."""
    return connect(settings.engine, settings.folder.scratch, settings.memory_gb, settings.spark_master)
