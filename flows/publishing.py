"""What is published, put where the settings ask for it as well."""

from pathlib import Path

from features import places
from flows.settings import Settings
from models.protocol import Progress


def put(settings: Settings, folder: Path, progress: Progress) -> None:
    """Put a folder of the data folder below `publish_url`, under its own name there; nothing where that is not set."""
    if settings.publish_url:
        url = places.below(settings.publish_url, folder.relative_to(settings.data).as_posix())
        progress(f"publishing {url.partition('?')[0]}")
        places.publish(folder, url)
