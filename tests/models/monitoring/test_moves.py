"""Who came in, went out, up and down since the last list, on firms that a reader can count."""

from datetime import date

from models.monitoring.moves import moves
from models.monitoring.records import Moves
from models.monitoring.volumes import Published
from tests.tables import table


def listed(month, text):
    return Published(date(2024, month, 1), table(text).execute())


def test_each_firm_moves_once_and_those_that_were_never_on_alert_do_not_count():
    before = listed(
        1,
        """
        siren     | alert
        000000001 | high
        000000002 | high
        000000003 | high
        000000004 | moderate
        000000005 | moderate
        000000006 | none
        000000007 | none
        000000008 | moderate
    """,
    )
    now = listed(
        2,
        """
        siren     | alert
        000000001 | high
        000000002 | moderate
        000000003 | none
        000000004 | high
        000000005 | moderate
        000000006 | moderate
        000000007 | none
        000000009 | high
        000000010 | none
    """,
    )
    assert moves(now, before) == Moves(
        since=date(2024, 1, 1), came_in=2, new_in_scope=1, went_out=2, out_of_scope=1, up=1, down=1, stayed=2
    )


def test_the_same_list_twice_moves_nobody():
    same = listed(
        1,
        """
        siren     | alert
        000000001 | high
        000000002 | none
    """,
    )
    assert moves(same, same) == Moves(date(2024, 1, 1), 0, 0, 0, 0, 0, 0, 1)
