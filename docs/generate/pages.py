"""Every generated page, by the name of its file."""

from docs.generate import ROOT, commands, files, judgements, rooms, scaling, settings, sources, timelines
from reports import dictionary


def pages() -> dict[str, str]:
    """The pages of `docs/reference/`, and the pictures that others show."""
    return {
        "commands.md": commands.commands(),
        "settings.md": settings.settings(),
        "sources.md": sources.sources(),
        "judgements.md": judgements.judgements(),
        "files.md": files.files(),
        "dictionary.md": dictionary.as_markdown(),
        "known-at.svg": timelines.known_at(),
        "embargo.svg": timelines.embargo(),
        "rooms.svg": rooms.svg(ROOT),
        "scaling.md": scaling.scaling(ROOT / "benchmarks" / "figures"),
        "rooms.md": rooms.page(ROOT),
        # The application shows them too: they are in its package.
        **{
            path.name: path.read_text(encoding="utf-8").replace("../../pictures/", "pictures/")
            for path in (ROOT / "reports" / "guide").glob("*.md")
        },
    }
