"""What deploy/ holds agrees with the repository, and passes the checks of the programs that are to read it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


@pytest.fixture
def verified(tmp_path):
    """What systemd says of a unit whose program is that of this environment; blank where all is right."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("No systemd on this machine: its units are not checked")
    program = tmp_path / "weaksignals"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    def said(name, text):
        unit = tmp_path / name
        unit.write_text(text.replace("/srv/weaksignals/.venv/bin/weaksignals", str(program)))
        command = ["systemd-analyze", "verify", "--man=no", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr if done.returncode or name in done.stderr else ""

    return said


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_passes_the_check_of_systemd_and_a_spoilt_one_does_not(verified, unit):
    text = unit.read_text()
    assert verified(unit.name, text) == ""
    assert "Unknown key" in verified(unit.name, text.replace("Restart=", "Restarts="))
    assert "not executable" in verified(unit.name, text.replace("/bin/weaksignals", "/bin/weak"))


@pytest.fixture
def judged(tmp_path):
    """What nginx says of a site, with a certificate made for it."""
    if shutil.which("nginx") is None:
        pytest.skip("No nginx-light on this machine: its site is not checked")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", key, "-out", chain]
    subprocess.run(made, check=True, capture_output=True)

    def said(site):
        site = site.replace("/etc/ssl/private/weaksignals.key", str(key))
        site = site.replace("/etc/ssl/certs/weaksignals.pem", str(chain))
        whole = tmp_path / "nginx.conf"
        whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{site}\n}}\n")
        command = ["nginx", "-t", "-q", "-e", "stderr", "-c", str(whole)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stderr

    return said


def test_the_site_passes_the_check_of_nginx_and_a_spoilt_one_does_not(judged):
    site = (DEPLOY / "nginx.conf").read_text()
    assert judged(site) == ""
    assert 'unknown directive "proxy_pas"' in judged(site.replace("proxy_pass", "proxy_pas"))


def test_the_site_ends_what_a_slow_visitor_keeps_open():
    site = (DEPLOY / "nginx.conf").read_text()
    assert re.findall(r"client_(header|body)_timeout (\d+)s;", site) == [("header", "10"), ("body", "10")]


def test_units_run_commands_that_there_are_without_rights_to_more_than_their_folders():
    commands = (ROOT / "docs" / "guides" / "operator.md").read_text()
    for unit in UNITS:
        text = unit.read_text()
        (command,) = re.findall(r"^ExecStart=\S+ (\w+)", text, re.MULTILINE)
        assert f"weaksignals {command}" in commands
        assert "User=weaksignals\n" in text
        assert "ProtectSystem=strict\n" in text


def test_the_image_copies_what_is_there_and_runs_as_no_root():
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()]
    assert {"features", "models", "reports", "flows", "pyproject.toml", "prefect.yaml"} <= set(copied)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert text.index("\nUSER 1000\n") < text.index("\nHEALTHCHECK ") < text.index("\nCMD ")


def said_of(path, program, *options):
    """What a program of this environment says of a file; blank where all is right."""
    command = [Path(sys.executable).with_name(program), *options, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_image_passes_hadolint_and_a_spoilt_one_does_not(tmp_path):
    assert said_of(DEPLOY / "Dockerfile", "hadolint") == ""
    spoilt = tmp_path / "Dockerfile"
    spoilt.write_text((DEPLOY / "Dockerfile").read_text().replace("\nUSER 1000\n", "\nUSER root\n"))
    assert "DL3002" in said_of(spoilt, "hadolint")


def test_the_services_keep_to_the_compose_specification_and_spoilt_ones_do_not(tmp_path):
    check = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec")
    assert said_of(DEPLOY / "compose.yaml", *check) == ""
    spoilt = tmp_path / "compose.yaml"
    spoilt.write_text((DEPLOY / "compose.yaml").read_text().replace("depends_on:", "depend_on:"))
    assert "depend_on" in said_of(spoilt, *check)


def test_the_image_takes_the_driver_of_postgresql_alone_from_the_lock_of_the_tests():
    (program,) = re.findall(r"awk '(.+)' requirements-dev\.txt", (DEPLOY / "Dockerfile").read_text())
    command = ["awk", program, str(ROOT / "requirements-dev.txt")]
    taken = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^([a-z-]+)", taken, re.MULTILINE) == ["psycopg", "psycopg-binary"]
    assert taken.count("--hash=") > 2


def test_the_services_agree_with_the_image_and_with_prefects_deployments():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert list(services) == ["database", "server", "worker", "application"]
    mounted = {volume.partition(":")[2] for volume in services["worker"]["volumes"]}
    told = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert {value for one in told for value in one["parameters"].values()} == mounted
    (pool,) = {one["work_pool"]["name"] for one in told}
    assert f"--pool {pool}" in services["worker"]["command"]
    for name, one in services.items():
        assert "healthcheck" in one or name == "application", "the image has the application's"
        assert all(port.startswith("127.0.0.1:") for port in one.get("ports", []))
    lock = (ROOT / "requirements.txt").read_text()
    (version,) = re.findall(r"^prefect==(\S+)", lock, re.MULTILINE)
    assert services["server"]["image"] == f"prefecthq/prefect:{version}-python3.11"
