"""The table of keys is the one truth about the environment."""

import subprocess
import sys
from pathlib import Path

import pytest

from apps.domain.errors import Misconfigured
from velox.env import KEYS, ROOT, Environment, example, file_read

GOOD_SECRET = "q7#kP2v!m9Zr4Wx8Lb1Nc6Tj3Yh5Gd0Fs&Qa*Ue%Io(Py)Kw=+Rt"


def test_the_example_file_is_made_from_the_table():
    assert (ROOT / ".env.example").read_text("utf-8") == example(), (
        "make it again: python -c \"from velox.env import example; print(example(), end='')\" > .env.example"
    )


def test_every_default_can_be_read_and_nothing_is_wrong_with_an_empty_environment():
    Environment({}).check()


def test_the_process_environment_wins_over_the_file():
    env = Environment({"PORT": "9000"}, {"PORT": "7000", "HOST": "0.0.0.0"})
    assert (env.number("PORT"), env.text("HOST")) == (9000, "0.0.0.0")


def test_an_empty_value_means_the_default():
    assert Environment({"PORT": ""}).number("PORT") == 8000


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("DEBUG", "Yes", True),
        ("LIVE_TRADING", "off", False),
        ("ALLOWED_HOSTS", " a.example , b.example ,", ["a.example", "b.example"]),
        ("SPEED", "0", 0.0),
        ("LOG_LEVEL", "debug", "DEBUG"),
    ],
)
def test_values_are_read_in_their_type(name, text, value):
    assert Environment({name: text})._values[name] == value


def test_all_mistakes_are_named_in_one_message():
    env = Environment({"PORT": "eighty", "DATABASE_URL": "mysql://x/y", "SPEED": "-1", "LIVE_TRADING": "maybe"})
    with pytest.raises(Misconfigured) as refused:
        env.check("SECRET_KEY")
    for name in ("PORT", "DATABASE_URL", "SPEED", "LIVE_TRADING", "SECRET_KEY"):
        assert name in refused.value.message


@pytest.mark.parametrize("secret", ["short", "a" * 80])
def test_a_weak_secret_is_refused(secret):
    with pytest.raises(Misconfigured, match="SECRET_KEY must be at least 50 random characters"):
        Environment({"SECRET_KEY": secret}).check()


def test_a_secret_is_never_repeated_in_the_refusal():
    with pytest.raises(Misconfigured) as refused:
        Environment({"SECRET_KEY": "hunter2-hunter2"}).check()
    assert "hunter2" not in refused.value.message


def test_a_file_has_comments_quotes_and_exports(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# words\n\nexport PORT=9000\nHOST = '0.0.0.0'\nDATA=a=b\n")
    assert file_read(file) == {"PORT": "9000", "HOST": "0.0.0.0", "DATA": "a=b"}


def test_a_line_that_is_no_pair_is_refused_by_its_number(tmp_path):
    file = tmp_path / ".env"
    file.write_text("PORT=1\nnonsense\n")
    with pytest.raises(Misconfigured, match="line 2"):
        file_read(file)


def test_no_other_file_reads_the_environment():
    readers = [
        path.relative_to(ROOT).as_posix()
        for folder in ("apps", "velox")
        for path in (ROOT / folder).rglob("*.py")
        if "os.environ" in path.read_text("utf-8") or "getenv" in path.read_text("utf-8")
    ]
    assert readers == ["velox/env.py"]


def test_keys_are_named_once():
    assert len({key.name for key in KEYS}) == len(KEYS)


def run_manage(settings: str, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": settings, **environment}
    command = [sys.executable, "manage.py", *command]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=120)


def test_production_passes_the_deployment_check_without_a_warning(tmp_path: Path):
    done = run_manage(
        "velox.settings.prod",
        ["check", "--deploy", "--fail-level", "WARNING"],
        SECRET_KEY=GOOD_SECRET,
        ALLOWED_HOSTS="velox.example",
        VELOX_VAR=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_production_without_its_keys_does_not_start(tmp_path: Path):
    done = run_manage("velox.settings.prod", ["check"], VELOX_VAR=str(tmp_path))
    assert done.returncode != 0
    assert "SECRET_KEY is required and missing" in done.stderr
    assert "ALLOWED_HOSTS is required and missing" in done.stderr
