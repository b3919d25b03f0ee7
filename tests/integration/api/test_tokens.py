"""Logging in for programs: tokens live short, refresh once, and end with the password."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests import builders

TOKENS = "/api/v1/auth/tokens"
ME = "/api/v1/users/me"


@pytest.fixture
def user(db: None) -> User:
    return builders.trader(username="maya", password="secret-word")


@pytest.fixture
def nobody() -> APIClient:
    return APIClient()


def log_in(nobody: APIClient, **said: Any) -> Any:
    return nobody.post(TOKENS, {"username": "maya", "password": "secret-word"} | said)


def me(nobody: APIClient, access: str) -> Any:
    return nobody.get(ME, headers={"Authorization": f"Bearer {access}"})


def test_a_token_opens_the_door(user: User, nobody: APIClient) -> None:
    access = log_in(nobody).json()["access"]
    assert me(nobody, access).json()["username"] == "maya"


def test_a_wrong_password_and_an_unknown_name_look_the_same(user: User, nobody: APIClient) -> None:
    wrong, unknown = log_in(nobody, password="wrong"), log_in(nobody, username="nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"]


def test_somebody_who_was_locked_out_stays_out(user: User, nobody: APIClient) -> None:
    access = log_in(nobody).json()["access"]
    user.is_active = False
    user.save()
    assert me(nobody, access).status_code == log_in(nobody).status_code == 401


def test_a_refresh_token_buys_one_pair(user: User, nobody: APIClient) -> None:
    first = log_in(nobody).json()
    second = nobody.post(f"{TOKENS}/refresh", {"refresh": first["refresh"]})
    assert second.status_code == 200 and second.json()["refresh"] != first["refresh"]
    assert me(nobody, second.json()["access"]).status_code == 200
    assert nobody.post(f"{TOKENS}/refresh", {"refresh": first["refresh"]}).status_code == 401


def test_a_revoked_refresh_token_buys_nothing(user: User, nobody: APIClient) -> None:
    refresh = {"refresh": log_in(nobody).json()["refresh"]}
    assert [nobody.post(f"{TOKENS}/revoke", refresh).status_code for _ in range(2)] == [204, 204]
    assert nobody.post(f"{TOKENS}/refresh", refresh).status_code == 401


def test_a_new_password_ends_every_token(user: User, nobody: APIClient) -> None:
    pair = log_in(nobody).json()
    user.set_password("another-secret")
    user.save()
    assert me(nobody, pair["access"]).status_code == 401
    assert nobody.post(f"{TOKENS}/refresh", {"refresh": pair["refresh"]}).status_code == 401


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer", "Bearer a b", "Basic bWF5YTp4"])
def test_a_token_that_is_none_opens_nothing(user: User, nobody: APIClient, header: str) -> None:
    answer = nobody.get(ME, headers={"Authorization": header})
    assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"


def test_a_page_s_session_works_too_and_needs_its_csrf_token(user: User) -> None:
    page = APIClient(enforce_csrf_checks=True)
    page.login(username="maya", password="secret-word")
    assert page.get(ME).status_code == 200
    refused = page.patch(ME, {"theme": "dark"})
    assert refused.status_code == 403 and "CSRF" in refused.json()["detail"]
    page.cookies["csrftoken"] = "x" * 32
    assert page.patch(ME, {"theme": "dark"}, headers={"X-CSRFToken": "x" * 32}).json()["theme"] == "dark"


def test_attempts_to_log_in_are_counted(user: User, nobody: APIClient, settings: Any) -> None:
    settings.API_RATES = {"login": (2, 60)}
    assert [log_in(nobody, password="guess").status_code for _ in range(3)] == [401, 401, 429]
