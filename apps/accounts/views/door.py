"""Signing in and out."""

from __future__ import annotations

import time
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import CodeForm, LoginForm
from apps.accounts.models import User
from apps.accounts.services import (
    code_check,
    factor_needed,
    login_noted,
    logout_noted,
    password_check,
    registration_open,
)
from apps.accounts.views import REFUSALS, answer, guarded

PENDING: Final = "second_factor"  # in the session: whose password was right, and when
PENDING_S: Final = 300
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@guarded
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = _target(request)
    if request.user.is_authenticated:
        return redirect(target)
    form, refused = LoginForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            user = password_check(request=request, **form.cleaned_data)
            return (
                _second_step(request, user, target) if factor_needed(user) else _in(request, user, target, "password")
            )
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    asked = request.POST.get("next") or request.GET.get("next", "")
    context = {"form": form, "next": asked, "registration_open": registration_open()}
    return answer(request, "registration/login.html", context, refused)


@guarded
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step, for whoever has just given the right password in this session."""
    pending = request.session.get(PENDING) or {}
    user = _pending_user(pending)
    if user is None:
        request.session.pop(PENDING, None)
        return redirect("login")
    form, refused = CodeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            how = code_check(user=user, code=form.cleaned_data["code"])
            return _in(request, user, pending["next"], how)
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    return answer(request, "registration/code.html", {"form": form}, refused)


@guarded
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        logout_noted(user=request.user)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _in(request: HttpRequest, user: User, target: str, how: str) -> HttpResponse:
    request.session.pop(PENDING, None)
    login(request, user, backend=_BACKEND)
    login_noted(user=user, how=how)
    return redirect(target)


def _second_step(request: HttpRequest, user: User, target: str) -> HttpResponse:
    request.session.cycle_key()
    told: dict[str, Any] = {"user": user.pk, "at": time.time(), "next": target, "proof": user.get_session_auth_hash()}
    request.session[PENDING] = told
    return redirect("accounts:code")


def _pending_user(pending: dict[str, Any]) -> User | None:
    """None where nobody waits, for too long, or whose password was changed since."""
    if time.time() - pending.get("at", 0) > PENDING_S:
        return None
    user = User.objects.filter(pk=pending.get("user"), is_active=True).first()
    return user if user is not None and user.get_session_auth_hash() == pending.get("proof") else None


def _target(request: HttpRequest) -> str:
    """Where to go next: only within this site."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if asked and safe else resolve_url(settings.LOGIN_REDIRECT_URL)
