"""Health, request ids and errors as pages."""

import pytest
import structlog
from django.test import RequestFactory

from apps.common import health
from apps.common.middleware import ErrorPages, RequestLog
from apps.common.views import error_page
from apps.domain.errors import BadInput, NotFound, RiskRefused
from tests import builders


@pytest.fixture
def checks(monkeypatch):
    """Only the checks a test registers."""
    monkeypatch.setattr(health, "_checks", {})
    return health


def test_live_answers_whatever_the_state(client, checks):
    checks.register("bus", lambda: "down")
    assert client.get("/health/live").status_code == 200


def test_ready_names_each_check(client, checks):
    checks.register("bus", lambda: "")
    checks.register("stages", lambda: "")
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"bus": "ok", "stages": "ok"}}


def test_one_check_that_is_unwell_or_breaks_is_enough_and_says_why(client, checks):
    checks.register("bus", lambda: "")
    checks.register("stages", lambda: "decide is stopped")
    checks.register("disk", lambda: str(1 / 0))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    found = answer.json()["checks"]
    assert found["stages"] == "decide is stopped" and "ZeroDivisionError" in found["disk"]


@pytest.mark.django_db
def test_a_migrated_database_is_ready():
    from apps.common.checks import migrated

    assert migrated() == ""


def test_a_request_keeps_its_id_and_a_bad_one_is_replaced(client):
    assert client.get("/health/live", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == "abc-12345"
    assert len(client.get("/health/live", headers={"X-Request-ID": "a\tb<script>"})["X-Request-ID"]) == 32


def test_every_log_line_of_a_request_carries_its_id():
    seen = {}

    def page(request):
        seen.update(structlog.contextvars.get_contextvars())
        return error_page(request, 404)

    request = RequestFactory().get("/health/x", headers={"X-Request-ID": "abc-12345"})
    RequestLog(page)(request)
    assert seen == {"request_id": "abc-12345"}
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error, status",
    [
        (NotFound("no such order"), 404),
        (BadInput("qty must be above 0"), 400),
        (RiskRefused("over the daily loss"), 409),
    ],
)
def test_an_error_a_page_let_through_becomes_its_status_with_its_sentence(error, status):
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get("/x")
    request.user = AnonymousUser()
    answer = ErrorPages(lambda r: None).process_exception(request, error)
    assert answer.status_code == status


@pytest.mark.django_db
def test_one_line_is_logged_for_a_request_with_who_and_how_it_ended(client):
    user = builders.trader()
    client.force_login(user)
    with structlog.testing.capture_logs() as lines:
        client.get("/no/such/page")
        client.get("/health/live")  # probes are not news
    (line,) = lines
    assert (line["path"], line["status"], line["user"]) == ("/no/such/page", 404, user.pk)


def test_other_errors_are_left_to_django():
    assert ErrorPages(lambda r: None).process_exception(RequestFactory().get("/x"), ValueError()) is None


@pytest.mark.django_db
def test_a_missing_page_is_a_404(client):
    assert client.get("/no/such/page").status_code == 404
