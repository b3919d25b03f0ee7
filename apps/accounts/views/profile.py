"""Name, time zone and theme."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import ProfileForm
from apps.accounts.services import profile_set
from apps.domain.errors import BadInput


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = request.user
    now = {name: getattr(user, name) for name in ("first_name", "last_name", "time_zone", "theme")}
    form = ProfileForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            profile_set(actor=user, **form.cleaned_data)
        except BadInput as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.", extra_tags="good")
            return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form, "place": "profile"})
