"""Who is told of a run, on a real mail server and a real receiver of webhooks; what can't be sent changes nothing."""

import json
import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from typer.testing import CliRunner

from features.errors import InputError
from flows import doctor, served
from flows.cli import app as commands
from flows.journal import begun, recorded
from flows.notifying import notify
from flows.origins import told_settings
from flows.review import review_database
from flows.settings import load
from reports.review.accounts import add_user
from reports.review.cases.records import Content, save
from reports.review.data import Reader
from reports.runs.records import RunRecord, SourceRead, runs
from tests.commands import weaksignals
from tests.deliveries import sound
from tests.reports.review.conftest import write_data

SIREN = "005520135"
HIDDEN = "hunter2-and-more"


class Mail:
    """A mail server: the messages that it took, for whom, and who signed in."""

    def __init__(self, certificate):
        self.certificate = certificate
        self.messages, self.addressees, self.signed_in = [], [], []
        self.start("none")

    def start(self, security):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate)
        secret = {"none": {}, "starttls": {"tls_context": context}, "tls": {"ssl_context": context}}[security]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.controller = Controller(
            self,
            hostname="localhost",
            port=self.port,
            authenticator=self.sign_in,
            auth_require_tls=security != "tls",
            auth_required=security == "starttls",
            **secret,
        )
        self.controller.start()

    def stop(self):
        if not self.controller.loop.is_closed():
            self.controller.stop()

    def speak(self, security):
        """From now on in that way, at another port."""
        self.stop()
        self.start(security)

    def sign_in(self, server, session, envelope, mechanism, given):
        self.signed_in.append((given.login.decode(), given.password.decode()))
        if given.password.decode() == HIDDEN:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=f"535 not {given.password.decode()}")

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - as aiosmtpd calls it
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.addressees.append(envelope.rcpt_tos)
        return "250 kept"


class Hook(BaseHTTPRequestHandler):
    """Keeps what it is sent; answers as it is told."""

    def do_POST(self):
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificate")
    key, chain = folder / "key.pem", folder / "chain.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", chain]
    subprocess.run([*made, *subject], check=True, capture_output=True)
    return chain, key


@pytest.fixture
def mail(certificate):
    server = Mail(certificate)
    yield server
    server.stop()


@pytest.fixture
def hook():
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        server.received, server.answer = [], 204
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def by_mail(mail, **changes):
    return {
        "email_to": ["operator@example.fr", "other@example.fr"],
        "email_from": "weaksignals@example.fr",
        "smtp_host": "localhost",
        "smtp_port": mail.port,
        "smtp_security": "none",
        **changes,
    }


def by_hook(hook):
    return {"webhook_url": f"http://127.0.0.1:{hook.server_port}/{HIDDEN}"}


def source(name, months_late):
    return SourceRead(name, "2401", 1, 10, 0, 0, 0, None, None, months_late, {"2401": 10})


def run_record(**changes):
    start = RunRecord("20240225T010000-abcd", "monthly", datetime(2024, 2, 25, 1, tzinfo=UTC), "0.2.0", 1, "here")
    return replace(start, **{"outcome": "done", "period": date(2024, 3, 1), "batch": "2402", **changes})


def test_a_run_that_is_refused_is_told_by_mail_and_by_webhook_in_the_language_of_the_reports(tmp_path, mail, hook):
    settings = load(data=tmp_path, notify={**by_mail(mail), **by_hook(hook)})
    with pytest.raises(InputError), recorded(begun(settings, "monthly", date(2024, 3, 1))):
        raise InputError(f"Nothing was published, the firm {SIREN} is a case in point.")
    record = runs(settings.folder)[0][0]
    (message,) = mail.messages
    assert message["Subject"] == "[weaksignals] exécution mensuelle – mars 2024 – refusée"
    assert message["To"] == "operator@example.fr, other@example.fr"
    assert mail.addressees == [["operator@example.fr", "other@example.fr"]]
    said = message.get_content()
    assert "Nothing was published, the firm … is a case in point." in said
    assert str(tmp_path / "runs" / record.run_id / "index.fr.html") in said
    (content,) = hook.received
    assert (content["outcome"], content["period"], content["run_id"]) == ("refused", "2024-03", record.run_id)
    assert content["text"].startswith("[weaksignals] exécution mensuelle – mars 2024 – refusée\n")
    assert SIREN not in said + str(content)
    assert record.told == ("Told by mail to operator@example.fr, other@example.fr.", "Told by webhook.")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_mail_server_is_spoken_to_in_secret_and_signed_in_to(tmp_path, mail, certificate, monkeypatch, security):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mail.speak(security)
    signed = {"smtp_security": security, "smtp_user": "weaksignals", "smtp_password": HIDDEN}
    settings = load(data=tmp_path, notify=by_mail(mail, **signed))
    assert notify(settings, run_record(outcome="failed", sentence="The disk is full."), tmp_path) == (
        "Told by mail to operator@example.fr, other@example.fr.",
    )
    assert mail.signed_in == [("weaksignals", HIDDEN)]
    assert "The disk is full." in mail.messages[0].get_content()


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(tmp_path, mail):
    mail.speak("tls")
    signed = {"smtp_security": "tls", "smtp_user": "weaksignals", "smtp_password": HIDDEN}
    settings = load(data=tmp_path, notify=by_mail(mail, **signed))
    (told,) = notify(settings, run_record(outcome="failed"), tmp_path)
    assert told.startswith("Could not be told by mail")
    assert "CERTIFICATE_VERIFY_FAILED" in told
    assert mail.signed_in == []


def test_late_sources_are_told_of_a_run_that_is_done_from_the_months_on_that_the_settings_say(tmp_path, hook):
    settings = load(data=tmp_path, language="en", notify={**by_hook(hook), "late_months": 2})
    record = run_record(sources=(source("debts", 2), source("bodacc", 1), source("ccsf", 0)))
    assert notify(settings, record, tmp_path) == ("Told by webhook.",)
    (content,) = hook.received
    assert content["late_months"] == {"debts": 2}
    assert "[weaksignals] monthly run – March 2024 – late sources" in content["text"]
    assert "contribution debts (URSSAF) – Not in the newest delivery: its data are 2 months older." in content["text"]


@pytest.mark.parametrize(
    ("on", "outcome", "count"),
    [
        (["failure"], "killed", 1),
        (["failure"], "refused", 0),
        (["refusal", "late"], "failed", 0),
        (["failure", "refusal", "late"], "stopped", 0),
        (["failure", "refusal", "late"], "done", 0),
    ],
)
def test_only_what_the_settings_say_is_told(tmp_path, hook, on, outcome, count):
    settings = load(data=tmp_path, notify={**by_hook(hook), "on": on})
    assert len(notify(settings, run_record(outcome=outcome), tmp_path)) == count
    assert len(hook.received) == count


def test_files_that_are_put_aside_are_told_with_their_reasons_once(tmp_path, hook):
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "dettes.csv").write_text("a;b\n1;2\n")
    (tmp_path / "data").mkdir()
    table = f'[notify]\nwebhook_url = "http://127.0.0.1:{hook.server_port}/"\n[inbox]\nquiet_seconds = 0\n'
    (tmp_path / "data" / "weaksignals.toml").write_text(table)
    done, again = (weaksignals("inbox", tmp_path / "drop", "--data", tmp_path / "data") for _ in range(2))
    assert "dettes.csv: quarantined." in done.stdout, done.stderr
    assert "Told by webhook." in done.stdout
    assert "Told" not in again.stdout
    (content,) = hook.received
    (reason,) = (tmp_path / "data" / "quarantine").glob("*.reason.txt")
    assert f"dettes.csv: {content['quarantined']['dettes.csv']}\n" == reason.read_text()
    subject, first, where = content["text"].splitlines()
    assert subject == "[weaksignals] 1 fichier mis de côté"
    assert first.startswith("dettes.csv – Non lu")
    assert where == f"Chacun est conservé avec le motif à côté : {tmp_path / 'data' / 'quarantine'}"


def test_what_can_not_be_sent_is_told_without_any_secret_and_changes_nothing(tmp_path, mail, hook, capsys):
    hook.answer = 500
    mail.stop()
    settings = load(data=tmp_path, notify={**by_mail(mail), **by_hook(hook)})
    with recorded(begun(settings, "monthly")) as journal:
        journal.note(sources=(source("debts", 3),))
    record = runs(settings.folder)[0][0]
    assert record.outcome == "done"
    by_post, by_web = record.told
    assert by_post.startswith("Could not be told by mail to operator@example.fr, other@example.fr: ConnectionRefused")
    assert (
        by_web
        == "Could not be told by webhook: HTTPError: HTTP Error 500: Internal Server Error. Look at it with: weaksignals doctor"
    )
    assert by_post in capsys.readouterr().err
    written = "".join(path.read_text() for path in (tmp_path / "runs" / record.run_id).resolve().iterdir())
    assert HIDDEN not in written


def test_a_password_that_the_server_repeats_is_not_told(tmp_path, mail, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mail.speak("tls")
    wrong = {"smtp_security": "tls", "smtp_user": "weaksignals", "smtp_password": "another-secret"}
    settings = load(data=tmp_path, notify=by_mail(mail, **wrong))
    (told,) = notify(settings, run_record(outcome="failed"), tmp_path)
    assert "535" in told
    assert "another-secret" not in told


def test_a_command_that_is_refused_tells_it_and_ends_as_without(tmp_path, hook):
    folder, data = sound(tmp_path / "raw"), tmp_path / "data"
    (folder / "sigfaible_pcoll.csv").unlink()
    data.mkdir()
    (data / "weaksignals.toml").write_text(f'[notify]\nwebhook_url = "http://127.0.0.1:{hook.server_port}/x"\n')
    done = weaksignals("run", tmp_path / "raw", "--data", data)
    assert done.returncode == 1
    assert "No file of insolvency procedures" in done.stderr
    assert "Told by webhook." in done.stderr
    assert hook.received[0]["batch"] == "2401"
    assert "Aucun fichier de procédures collectives" in hook.received[0]["text"]


def test_secrets_are_masked_where_settings_are_told(tmp_path):
    (tmp_path / "weaksignals.toml").write_text(
        "[notify]\n"
        'smtp_host = "mail.example.fr"\nemail_to = ["a@example.fr"]\nemail_from = "b@example.fr"\n'
        f'smtp_user = "w"\nsmtp_password = "{HIDDEN}"\nwebhook_url = "https://chat.example/{HIDDEN}"\n'
    )
    told = {one.name: (one.value, one.origin) for one in told_settings(load(data=tmp_path), {})}
    assert told["notify.smtp_password"] == told["notify.webhook_url"] == ("***", "weaksignals.toml")
    assert told["notify.smtp_host"] == ("mail.example.fr", "weaksignals.toml")
    assert told["notify.smtp_port"] == ("587", "default")


@pytest.mark.parametrize(
    ("notify_table", "sentence"),
    [
        ({"smtp_host": "mail.example.fr"}, "smtp_host needs email_to and email_from"),
        ({"email_to": ["operator"]}, "must be addresses"),
        ({"email_to": ["a@example.fr\nBcc: b@example.fr"]}, "must be addresses"),
        ({"smtp_password": HIDDEN, "smtp_security": "none"}, "would be sent in clear"),
        ({"webhook_url": f"file:///{HIDDEN}"}, "webhook_url must start with"),
        ({"on": ["refused"]}, "notify.on"),
    ],
)
def test_addressees_that_can_not_be_are_refused_without_telling_a_secret(tmp_path, notify_table, sentence):
    with pytest.raises(InputError, match=sentence) as refused:
        load(data=tmp_path, notify=notify_table)
    assert HIDDEN not in str(refused.value)


def test_doctor_looks_whether_the_servers_answer_and_sends_nothing(tmp_path, mail, hook):
    settings = load(data=tmp_path, memory_gb=1, notify={**by_mail(mail), **by_hook(hook)})
    told = {finding.what: finding for finding in doctor.findings(settings)}
    assert {told["mail"].state, told["webhook"].state} == {"ok"}
    assert mail.messages == hook.received == []
    mail.stop()
    hook.shutdown()
    hook.server_close()
    told = {finding.what: finding for finding in doctor.findings(settings)}
    assert told["mail"].sentence.startswith(f"The mail server localhost:{mail.port} can't be used (ConnectionRefused")
    assert told["webhook"].sentence.endswith("correct [notify] webhook_url.")
    assert HIDDEN not in told["webhook"].sentence


@pytest.fixture
def followed(tmp_path):
    """A data folder in which two agents follow a firm."""
    data = write_data(tmp_path / "data")
    engine, reader = review_database(load(data=data)), Reader(data)
    for name in ("ada@example.fr", "bob@example.fr"):
        add_user(engine, name, "agent", ["75"], [], None)
    content = Content("visited", date(2024, 2, 1), in_charge="ada@example.fr", participants=["bob@example.fr"],
                      next_on=date(2024, 3, 1), next_step="call")  # fmt: skip
    save(engine, "552100554", reader.published(None), "bob@example.fr", 0, content)
    engine.dispose()
    return data


def reminded(data, **more):
    found = CliRunner().invoke(commands, ["follow-ups", "digest", "--data", str(data), *more.get("words", ())])
    return str(found.exception) if isinstance(found.exception, InputError) else found.output


def test_agents_are_reminded_of_their_follow_ups_each_by_a_mail_of_their_own_once_a_week(followed, mail, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_NOTIFY", json.dumps(by_mail(mail)))
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_ADDRESS", "https://signals.example.fr")
    assert "2 reminders to send." in reminded(followed, words=["--dry-run"])
    assert mail.messages == []
    assert "2 reminders." in reminded(followed)
    assert [message["To"] for message in mail.messages] == ["ada@example.fr", "bob@example.fr"]
    first = mail.messages[0]
    assert first["Subject"] == "Vos suivis cette semaine"
    assert "ATELIERS DURAND (552100554); visitée" in first.get_content()
    assert "https://signals.example.fr/firms/552100554/follow-up?list=2024-02" in first.get_content()
    assert "0 reminders." in reminded(followed)
    assert len(mail.messages) == 2


def test_a_reminder_that_could_not_be_sent_is_told_and_sent_the_next_time(followed, mail, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_NOTIFY", json.dumps(by_mail(mail, smtp_port=1, timeout_seconds=1)))
    assert "2 of 2 reminders could not be sent" in reminded(followed)
    monkeypatch.setenv("WEAKSIGNALS_NOTIFY", json.dumps(by_mail(mail)))
    assert "2 reminders." in reminded(followed)


def test_without_a_mail_server_reminders_are_refused_by_the_command_and_left_by_the_flow(followed):
    assert reminded(followed).startswith("There is no mail server to send reminders by.")
    served.reminders.fn(data=str(followed))
