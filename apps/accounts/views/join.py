"""Asking for a link, and following one."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import EmailForm, JoinForm
from apps.accounts.services import (
    invitation_accept,
    invitation_get,
    login_noted,
    registration_begin,
    registration_open,
)
from apps.accounts.views import REFUSALS, answer, guarded, origin
from apps.domain.errors import BadInput, NotFound


@guarded
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    if not registration_open():
        return render(request, "accounts/closed.html", status=403)
    form, refused = EmailForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            registration_begin(email=form.cleaned_data["email"], origin=origin(request))
            return render(request, "accounts/sent.html", {"email": form.cleaned_data["email"], "what": "register"})
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    return answer(request, "accounts/register.html", {"form": form}, refused)


@guarded
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    try:
        invitation = invitation_get(token)
    except NotFound as gone:
        return render(request, "accounts/link_gone.html", {"message": gone.message}, status=404)
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data | {"time_zone": form.cleaned_data["time_zone"] or "UTC"}
        try:
            user = invitation_accept(token=token, **said)
        except BadInput as error:
            form.refuse(error)
        else:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            login_noted(user=user, how="link")
            return redirect("/")
    return render(request, "accounts/join.html", {"form": form, "invitation": invitation})
