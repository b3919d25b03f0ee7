"""Keys for programs."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.forms import KeyForm
from apps.accounts.selectors import apikey_list
from apps.accounts.services import apikey_create, apikey_revoke, password_confirm
from apps.accounts.views import REFUSALS, answer, guarded


@guarded
@login_required
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The list, and the form of a new one. Its text is in the answer to that form and nowhere else."""
    user = request.user
    form, refused = KeyForm(request.POST or None, may_trade=user.may_trade), None
    if request.method == "POST" and form.is_valid():
        try:
            password_confirm(actor=user, password=form.cleaned_data["password"])
            key, raw = apikey_create(actor=user, **form.facts())
            return render(request, "accounts/key_made.html", {"key": key, "raw": raw, "place": "keys"})
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    context = {"form": form, "keys": apikey_list(actor=user).filter(owner=user), "place": "keys"}
    return answer(request, "accounts/keys.html", context, refused)


@login_required
@require_POST
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    key = apikey_revoke(actor=request.user, key_id=key_id)
    messages.success(request, f"{key.name} opens nothing any more.", extra_tags="good")
    return redirect("accounts:keys")
