"""A lost password: a link by mail, then a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import EmailForm, NewPasswordForm
from apps.accounts.services import password_reset_begin, password_reset_finish
from apps.accounts.services.passwords import password_checked
from apps.accounts.views import REFUSALS, answer, guarded, origin
from apps.domain.errors import BadInput


@guarded
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    form, refused = EmailForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            password_reset_begin(email=form.cleaned_data["email"], origin=origin(request))
            return render(request, "accounts/sent.html", {"email": form.cleaned_data["email"], "what": "reset"})
        except REFUSALS as error:
            refused = error
            form.refuse(error)
    return answer(request, "accounts/reset.html", {"form": form}, refused)


@method_decorator(guarded, name="dispatch")
class ResetConfirm(PasswordResetConfirmView):
    """Django's, which moves the token out of the address and into the session before it shows the form."""

    form_class = NewPasswordForm
    template_name = "accounts/reset_confirm.html"

    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        try:
            password_checked(form.cleaned_data["password"], self.user)
        except BadInput as error:
            form.refuse(error)
            return self.form_invalid(form)
        password_reset_finish(user=self.user, new=form.cleaned_data["password"])
        self.request.session.pop("_password_reset_token", None)
        messages.success(self.request, "Your password is changed. Sign in with the new one.", extra_tags="good")
        return redirect("login")

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        context = super().get_context_data(**named)
        if not self.validlink:
            context["message"] = "This link is not good any more. Ask for a new one."
        return context
