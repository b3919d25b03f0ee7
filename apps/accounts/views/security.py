"""Password, second factor, devices, and what happened lately."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.forms import ConfirmForm, FirstCodeForm, PasswordForm
from apps.accounts.selectors import session_list
from apps.accounts.services import (
    factor_begin,
    factor_codes_left,
    factor_codes_renew,
    factor_confirm,
    factor_disable,
    factor_needed,
    factor_picture,
    password_change,
    password_confirm,
    session_revoke,
    sessions_revoke_all,
)
from apps.accounts.sessions import public_id
from apps.accounts.views import REFUSALS, answer, guarded
from apps.audit.selectors import audit_list
from apps.domain.errors import VeloxError

_RECENT = 12


@login_required
@require_GET
def security(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, refused: VeloxError | None = None, **forms: Any) -> HttpResponse:
    user = request.user
    context = {
        "place": "security",
        "password_form": PasswordForm(auto_id="password-%s"),
        "off_form": ConfirmForm(auto_id="off-%s"),
        "codes_form": ConfirmForm(auto_id="codes-%s"),
        "factor": factor_needed(user),
        "codes_left": factor_codes_left(user),
        "sessions": session_list(actor=user).filter(user=user),
        "this": public_id(request.session.session_key or ""),
        "events": audit_list(actor=user).filter(actor_id=user.pk)[:_RECENT],
    }
    return answer(request, "accounts/security.html", context | forms, refused)


@guarded
@login_required
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    form, refused = PasswordForm(request.POST, auto_id="password-%s"), None
    if form.is_valid():
        try:
            key = request.session.session_key or ""
            password_change(actor=request.user, **form.cleaned_data, session_key=key)
        except REFUSALS as error:
            refused = error
            form.refuse(error)
        else:
            update_session_auth_hash(request, request.user)
            messages.success(request, "Your password is changed; all other sessions are ended.", extra_tags="good")
            return redirect("accounts:security")
    return _page(request, refused, password_form=form)


@guarded
@login_required
@require_http_methods(["GET", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Set an authenticator up: scan, then prove it with its first code and the password."""
    if factor_needed(request.user):
        return redirect("accounts:security")
    form, refused = FirstCodeForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            password_confirm(actor=request.user, password=form.cleaned_data["password"])
            codes = factor_confirm(actor=request.user, code=form.cleaned_data["code"])
            return render(request, "accounts/codes.html", {"codes": codes, "place": "security", "first": True})
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    waiting = factor_begin(actor=request.user)
    context = {"form": form, "picture": factor_picture(waiting), "secret": waiting.secret, "place": "security"}
    return answer(request, "accounts/factor.html", context, refused)


@guarded
@login_required
@require_POST
def factor_off(request: HttpRequest) -> HttpResponse:
    form, refused = ConfirmForm(request.POST, auto_id="off-%s"), None
    if form.is_valid():
        try:
            password_confirm(actor=request.user, **form.cleaned_data)
            factor_disable(actor=request.user, user=request.user)
        except REFUSALS as error:
            refused = error
            form.refuse(error)
        else:
            messages.warning(
                request, "The second factor is off: your password alone opens the door.", extra_tags="warn"
            )
            return redirect("accounts:security")
    return _page(request, refused, off_form=form)


@guarded
@login_required
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, shown this once."""
    form, refused = ConfirmForm(request.POST, auto_id="codes-%s"), None
    if form.is_valid():
        try:
            password_confirm(actor=request.user, **form.cleaned_data)
            made = factor_codes_renew(actor=request.user)
            return render(request, "accounts/codes.html", {"codes": made, "place": "security"})
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    return _page(request, refused, codes_form=form)


@login_required
@require_POST
def session_end(request: HttpRequest, public_id: str) -> HttpResponse:
    session_revoke(actor=request.user, public_id=public_id)
    messages.success(request, "That session is ended.", extra_tags="good")
    return redirect("accounts:security")


@login_required
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    ended = sessions_revoke_all(actor=request.user, user=request.user, but=request.session.session_key or "")
    messages.success(request, f"{ended} other sessions are ended.", extra_tags="good")
    return redirect("accounts:security")
