"""The catalogues of messages."""

from pathlib import Path

from babel.messages.pofile import read_po

import reports

CATALOGUES = sorted(Path(reports.__file__).parent.glob("locale/*/LC_MESSAGES/*.po"))


def test_a_message_of_several_catalogues_is_translated_alike():
    found: dict[str, set[str]] = {}
    for path in CATALOGUES:
        with path.open("rb") as file:
            for message in (one for one in read_po(file) if one.id):
                found.setdefault(str(message.id), set()).add(str(message.string))
    assert len(found) > 1000
    assert {message: texts for message, texts in found.items() if len(texts) > 1} == {}
