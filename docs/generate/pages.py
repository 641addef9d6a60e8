"""Every generated page, by the name of its file."""

from docs.generate import ROOT, commands, files, rooms, settings, sources
from reports import dictionary


def pages() -> dict[str, str]:
    """The pages of `docs/reference/`, and the picture that one of them shows."""
    return {
        "commands.md": commands.commands(),
        "settings.md": settings.settings(),
        "sources.md": sources.sources(),
        "files.md": files.files(),
        "dictionary.md": dictionary.as_markdown(),
        "rooms.svg": rooms.svg(ROOT),
        "rooms.md": rooms.page(ROOT),
    }
