"""Accounts through the command line and their pages: no change is silent, and no right lasts unseen."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from features.errors import InputError
from flows.cli import app as commands
from reports.review import accounts, guessing, identity, passwords
from reports.review.database import User, now, open_database
from tests.reports.review.conftest import PASSWORD, TestClient, shown, signed_in

TOMORROW, YESTERDAY = now().date() + timedelta(days=1), now().date() - timedelta(days=1)
RIGHT = ("--territory", "75", "--kind", "scores")


def told(data, *words, typed=""):
    found = CliRunner().invoke(commands, ["users", *words, "--data", str(data)], input=typed)
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        return str(found.exception)
    return found.output


def changes(engine):
    with engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT by, action, path FROM audit WHERE outcome = 'done' ORDER BY id")
        ).all()


def test_each_change_of_an_account_is_a_line_of_the_log_with_who_made_it_and_what_it_gives(tmp_path):
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    told(tmp_path, "add", "Ana@dreets.gouv.fr", *RIGHT, typed=typed)
    told(
        tmp_path,
        "rights",
        "ana@dreets.gouv.fr",
        "--territory",
        "Bretagne",
        "--role",
        "team_lead",
        "--until",
        str(TOMORROW),
    )
    told(tmp_path, "close", "ana@dreets.gouv.fr")
    told(tmp_path, "reopen", "ana@dreets.gouv.fr")
    told(tmp_path, "unlock", "ana@dreets.gouv.fr")
    told(tmp_path, "reset", "ana@dreets.gouv.fr", typed=typed)
    listed = told(tmp_path, "list")
    assert "ana@dreets.gouv.fr: open; team_lead; Bretagne; no kind of data; last sign-in: never" in listed
    engine = open_database(f"sqlite:///{tmp_path / 'review' / 'review.db'}")
    bretagne = "ana@dreets.gouv.fr: team_lead; Bretagne; no kind of data"
    assert [(action, path) for _, action, path in changes(engine)] == [
        ("account added", "ana@dreets.gouv.fr: agent; 75; scores"),
        ("right changed", f"{bretagne}; until {TOMORROW}"),
        ("account closed", f"{bretagne}; until {TOMORROW}"),
        ("account reopened", bretagne),
        ("account unlocked", bretagne),
        ("password reset", bretagne),
    ]
    assert {by for by, _, _ in changes(engine)} == {accounts.operator()}
    engine.dispose()


def test_adding_a_name_that_is_taken_changes_nothing_and_says_what_to_do(fresh):
    engine = fresh.state.services.engine
    with pytest.raises(InputError, match='There is an account "paris" already'):
        accounts.add_user(engine, "PARIS", "administrator", ["FR"], [], PASSWORD)
    assert identity.account_named(engine, "paris").right.departements == {"75"}


@pytest.mark.parametrize("command", ["rights", "close", "reopen", "unlock", "reset"])
def test_an_account_that_is_not_there_is_told_in_a_sentence(tmp_path, command):
    words = ("--territory", "75") if command == "rights" else ("--no-password",) if command == "reset" else ()
    assert 'There is no account "nobody"' in told(tmp_path, command, "nobody", *words)


@pytest.mark.parametrize("name", ["", "a b", " a", "a\x00b", "a\u200bb", "=cmd", "x" * 201, "a\nb", "<b>", "-x"])
def test_a_name_that_can_not_be_typed_or_told_apart_is_refused(name):
    with pytest.raises(InputError, match="can't be the name of an account"):
        accounts.checked_name(name)


@pytest.mark.parametrize("name", ["camille", "Ana.Née@dreets.gouv.fr", "DREETS\\ana", "f:0a1b-22:ana", "o'neil"])
def test_names_as_providers_give_them_are_taken(name):
    assert accounts.checked_name(name) == name.lower()


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("courtcourt1", passwords.LENGTH),
        ("x" * 501, passwords.LENGTH),
        ("CamilleDurand2024", passwords.NAMED),
        ("elliMac-dÙrand!", passwords.NAMED),
        ("weaksignals2024", passwords.NAMED),
        ("aaaaaaaaaaaaaaaa", passwords.PREDICTABLE),
        ("123456789012345", passwords.PREDICTABLE),
        ("azertyuiopqsdf12", passwords.PREDICTABLE),
        ("abcabcabcabcabc", passwords.PREDICTABLE),
        ("motdepasseee12", passwords.COMMON),
        ("MotDePasseee2024!", passwords.COMMON),
    ],
)
def test_a_password_that_would_be_guessed_is_refused_with_the_reason(tmp_path, password, message):
    (tmp_path / "list.txt").write_text("motdepasseee12\nmotdepasseee\n")
    with pytest.raises(passwords.RefusedPasswordError) as refused:
        passwords.hashed(password, "camille.durand@dreets.gouv.fr", tmp_path / "list.txt")
    assert refused.value.message == message


@pytest.mark.parametrize("password", [PASSWORD, "cheval-pile-agrafe", "J'aime 3 tartes au citron", "kX9#vQ2$mL7p"])
def test_a_password_of_several_words_is_taken(password):
    assert passwords.is_right(passwords.hashed(password, "camille"), password)


def test_a_list_of_common_passwords_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="COMMON_PASSWORDS"):
        passwords.hashed(PASSWORD, "camille", tmp_path / "absent.txt")


def change(agent, current, new, again=None):
    return agent.post("/account/password", current=current, new=new, again=again or new)


def test_one_changes_one_s_password_and_stays_signed_in_there_only(fresh):
    agent, elsewhere = signed_in(fresh, "paris"), signed_in(fresh, "paris")
    assert "Y compris celui-ci : 2." in shown(agent.get("/account"))
    assert change(agent, PASSWORD, "cheval pile agrafe").status_code == 303
    assert "Votre mot de passe est changé." in shown(agent.get("/account?saved"))
    assert elsewhere.get("/lists/2024-02").status_code == 303
    engine = fresh.state.services.engine
    assert passwords.is_right(guessing.begin(engine, "paris", "x").password_hash, "cheval pile agrafe")
    assert changes(engine)[-1][:2] == ("paris", "password changed")


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("x" * 20, "cheval pile agrafe", "", "Le mot de passe actuel est erroné."),
        (PASSWORD, "cheval pile agrafe", "cheval pile agrafes", "Les deux saisies du nouveau mot de passe diffèrent."),
        (PASSWORD, "paris2024paris", "", "Ce mot de passe n'est guère que le nom du compte"),
    ],
)
def test_a_password_is_not_changed_without_the_present_one_or_for_one_that_would_be_guessed(
    fresh, current, new, again, said
):
    answer = change(signed_in(fresh, "paris"), current, new, again)
    assert answer.status_code == 400
    assert said in shown(answer)
    assert passwords.is_right(guessing.begin(fresh.state.services.engine, "paris", "x").password_hash, PASSWORD)


def test_guesses_of_the_present_password_wait_as_those_of_signing_in_do(fresh):
    agent = signed_in(fresh, "paris")
    outcomes = [change(agent, "x" * 20, "cheval pile agrafe").status_code for _ in range(guessing.HERE.free + 1)]
    assert outcomes == [400] * guessing.HERE.free + [429]


def test_who_has_no_password_here_changes_none(data_template, fresh):
    agent = signed_in(fresh, "paris")
    accounts.set_password(fresh.state.services.engine, "paris", None, kept=sessions_of(fresh, "paris")[0])
    assert 'name="current"' not in agent.get("/account").text
    assert change(agent, PASSWORD, "cheval pile agrafe").status_code == 404


def sessions_of(app, name):
    query = "SELECT digest FROM sessions JOIN users ON users.id = user_id WHERE name = :name"
    with app.state.services.engine.connect() as connection:
        return connection.execute(sa.text(query), {"name": name}).scalars().all()


def test_signing_out_everywhere_ends_all_sessions_of_the_account_and_of_no_other(fresh):
    agent, elsewhere, other = signed_in(fresh, "paris"), signed_in(fresh, "paris"), signed_in(fresh, "lyon")
    answer = agent.post("/account/sign-out-everywhere")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache", "storage"')
    assert [one.get("/lists/2024-02").status_code for one in (agent, elsewhere, other)] == [303, 303, 200]


def aged(engine, name, **values):
    with engine.begin() as connection:
        connection.execute(sa.update(User).where(User.name == name).values(**values))


def test_a_right_ends_by_itself_after_its_last_day(fresh):
    engine, agent = fresh.state.services.engine, signed_in(fresh, "paris")
    aged(engine, "paris", expires_on=now().date())
    assert agent.get("/lists/2024-02").status_code == 200
    aged(engine, "paris", expires_on=YESTERDAY)
    assert agent.get("/lists/2024-02").status_code == 303
    assert identity.account_named(engine, "paris") is None
    assert guessing.begin(engine, "paris", "x").user_id is None


def test_administrators_see_which_rights_are_to_be_reviewed_and_which_accounts_nobody_uses(fresh):
    engine, admin = fresh.state.services.engine, signed_in(fresh, "admin")
    text = shown(admin.get("/accounts"))
    assert "Habilitations à revoir : 0." in text
    assert "inutilisé" not in text
    aged(engine, "lyon", created_at=now() - timedelta(days=190))
    text = shown(admin.get("/accounts"))
    assert "Habilitations à revoir : 1." in text
    first = re.search("<tbody>.*?</tr>", text, re.S)[0]
    assert "lyon" in first
    assert "inutilisé depuis six mois" in first


def numbered(engine, name):
    return next(user for user in identity.all_accounts(engine) if user.name == name)


def test_a_review_is_written_down_with_the_day_on_which_the_right_ends(fresh):
    engine, admin = fresh.state.services.engine, signed_in(fresh, "admin")
    aged(engine, "lyon", created_at=now() - timedelta(days=190))
    number = numbered(engine, "lyon").id
    assert admin.post(f"/accounts/{number}", decision="confirm", expires_on=str(TOMORROW)).status_code == 303
    lyon = numbered(engine, "lyon")
    assert (lyon.expires_on, lyon.reviewed_by) == (TOMORROW, "admin")
    assert "Habilitations à revoir : 0." in shown(admin.get("/accounts"))
    assert changes(engine)[-1] == ("admin", "right reviewed", f"lyon: agent; 69; no kind of data; until {TOMORROW}")


@pytest.mark.parametrize("ends", [str(YESTERDAY), "demain", "0001-13-01"])
def test_a_right_can_not_end_on_a_day_that_is_past_or_none(fresh, ends):
    number = numbered(fresh.state.services.engine, "lyon").id
    answer = signed_in(fresh, "admin").post(f"/accounts/{number}", decision="confirm", expires_on=ends)
    assert answer.status_code == 400
    assert numbered(fresh.state.services.engine, "lyon").reviewed_at is None


def test_an_administrator_closes_an_account_but_not_their_own(fresh):
    engine, admin = fresh.state.services.engine, signed_in(fresh, "admin")
    assert admin.post(f"/accounts/{numbered(engine, 'lyon').id}", decision="close").status_code == 303
    assert not numbered(engine, "lyon").is_open
    own = admin.post(f"/accounts/{numbered(engine, 'admin').id}", decision="close")
    assert own.status_code == 400
    assert numbered(engine, "admin").is_open
    assert admin.post("/accounts/999", decision="close").status_code == 404


@pytest.mark.parametrize("words", [("--until", "tomorrow"), ("--until", str(date(2020, 1, 1)))])
def test_an_impossible_end_is_told_before_a_password_is_asked_for(tmp_path, words):
    said = told(tmp_path, "add", "ana", *RIGHT, *words)
    assert "is no day" in said or "can't end before today" in said
    assert not (tmp_path / "review").exists()


def test_signing_in_is_seen_in_the_list_of_accounts(fresh):
    signed_in(fresh, "paris")
    assert numbered(fresh.state.services.engine, "paris").last_sign_in_at.date() == now().date()
    assert TestClient(fresh).get("/accounts", follow_redirects=False).status_code == 303
