"""Bodies that are too large, other origins, and what production turns on."""

import importlib
import os
import subprocess
import sys

import pytest
import structlog

from tests import builders
from velox.env import ROOT

pytestmark = pytest.mark.django_db
ORIGIN = "https://desk.example"


def test_a_body_too_large_is_refused_before_it_is_read_in_the_words_of_its_caller(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    page = client.post("/login/", {"username": "x" * 2000}, headers={"accept": "text/html"}, content_type="text/plain")
    assert page.status_code == 413 and b"larger than 1 KiB" in page.content
    problem = client.post("/api/v1/orders", b"x" * 2000, content_type="application/json")
    assert problem.status_code == 413 and problem["Content-Type"] == "application/problem+json"


def test_files_may_be_larger_than_forms(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_MAX_SIZE = 1024, 100_000
    small = client.generic("POST", "/login/", b"x", content_type="multipart/form-data", CONTENT_LENGTH="50000")
    large = client.generic("POST", "/login/", b"x", content_type="multipart/form-data", CONTENT_LENGTH="200000")
    assert small.status_code != 413 and large.status_code == 413


@pytest.mark.parametrize("said", ["", "-1", "many", "1e9"])
def test_a_length_that_is_none_breaks_nothing(client, said):
    assert client.generic("POST", "/login/", b"x", content_type="text/plain", CONTENT_LENGTH=said).status_code < 500


@pytest.mark.parametrize(
    "origin, path, allowed",
    [
        (ORIGIN, "/api/v1/users/me", True),
        ("https://evil.example", "/api/v1/users/me", False),
        (ORIGIN, "/account/profile/", False),
    ],
)
def test_other_origins_reach_the_api_and_only_those_that_are_named(client, settings, origin, path, allowed):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    answer = client.options(path, headers={"origin": origin, "access-control-request-method": "GET"})
    assert (answer.get("Access-Control-Allow-Origin") == origin) is allowed
    assert "Access-Control-Allow-Credentials" not in answer  # cookies are for our own pages


def test_a_request_is_logged_with_its_route_and_its_address(client):
    client.force_login(builders.trader())
    with structlog.testing.capture_logs() as lines:
        client.get("/account/profile/", REMOTE_ADDR="203.0.113.7")
    line = next(each for each in lines if each["event"] == "request")
    assert (line["route"], line["address"], line["status"]) == ("accounts:profile", "203.0.113.7", 200)


def test_pages_about_oneself_have_a_policy_without_inline_anything(client):
    client.force_login(builders.trader())
    for path in ("/account/profile/", "/account/security/", "/account/security/factor/", "/account/keys/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "unsafe" not in policy and "script-src 'self'" in policy


def test_production_speaks_tls_only_and_takes_nobody_in():
    script = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS >= 31536000, s.SECURE_SSL_REDIRECT,"
    script += " s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.REGISTRATION, s.DEMO)"
    given = {"SECRET_KEY": "0123456789abcdef" * 4, "ALLOWED_HOSTS": "velox.example", "REGISTRATION": ""}
    environ = os.environ | given | {"DJANGO_SETTINGS_MODULE": "velox.settings.prod"}
    run = subprocess.run([sys.executable, "-c", script], env=environ, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.split() == ["True"] * 5 + ["closed", "False"], run.stderr


@pytest.mark.parametrize(
    "url, host, port, tls, ssl",
    [
        ("smtp://mail.example", "mail.example", 25, False, False),
        ("smtp+tls://me:p%40ss@mail.example", "mail.example", 587, True, False),
        ("smtps://mail.example:4650", "mail.example", 4650, False, True),
    ],
)
def test_a_mail_server_is_one_line(url, host, port, tls, ssl):
    options = importlib.import_module("velox.settings.parts.mail").mailer(url)["OPTIONS"]
    assert (options["host"], options["port"], options["use_tls"], options["use_ssl"]) == (host, port, tls, ssl)
    assert options["password"] in ("", "p@ss")


def test_without_a_mail_server_mails_are_files_and_words_on_the_console(tmp_path, capsys):
    from django.core.mail import EmailMessage

    from apps.common.mail import ConsoleAndFile

    sent = ConsoleAndFile(alias="default", file_path=str(tmp_path)).send_messages(
        [EmailMessage("Hello", "a link: https://velox.test/x", to=["a@example.com"])]
    )
    (file,) = tmp_path.iterdir()
    assert (
        sent == 1 and "https://velox.test/x" in file.read_text() and "https://velox.test/x" in capsys.readouterr().out
    )
