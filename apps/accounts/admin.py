"""Back office: people, invitations, keys, accounts, grants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.models import ApiKey, BrokerAccount, Grant, Invitation, Role, User
from apps.accounts.selectors import session_list
from apps.accounts.services import (
    apikey_revoke,
    factor_disable,
    invitation_make,
    invitation_withdraw,
    login_unlock,
    sessions_revoke_all,
    user_set_role,
    user_switch,
)
from apps.accounts.views import origin
from apps.accounts.views.door import sign_out
from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin, asks_first
from apps.domain.errors import RuleBroken, VeloxError

LAST_ADMIN = "This is the last active admin: make somebody else an admin first."


def staff_sign_in(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The one way in is ours, with its lockout and second factor; who is in and not of the staff is told so."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    target = request.GET.get("next") or reverse("admin:index")
    return redirect(target) if request.user.is_authenticated else redirect_to_login(target)


def own_password(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    return redirect("accounts:security")


admin.site.login = staff_sign_in  # type: ignore[method-assign]
admin.site.logout = sign_out  # type: ignore[method-assign]
admin.site.password_change = own_password  # type: ignore[method-assign]
# A refresh token is as good as a password: nobody reads one here. Groups come back below, in this office's looks.
admin.site.unregister([Group, OutstandingToken, BlacklistedToken])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, AuditedAdmin):
    pass


class UserForm(UserChangeForm):
    """Refuses in the form what would leave nobody to administrate."""

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        role, active = given.get("role", self.instance.role), given.get("is_active", self.instance.is_active)
        if (role != Role.ADMIN or not active) and not others_administrate([self.instance]):
            raise forms.ValidationError(LAST_ADMIN)
        return given


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):
    form, add_form, change_password_form = UserForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ["username", "email", "role", "second_factor", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    list_select_related = ["authenticator"]
    search_fields = ["username", "email", "first_name", "last_name"]
    fieldsets = (
        (None, {"fields": ["username", "password"]}),
        ("Who", {"fields": ["first_name", "last_name", "email", "time_zone", "theme"]}),
        ("What they may do", {"fields": ["role", "is_active", "groups"]}),
        ("Signing in", {"fields": ["last_login", "date_joined", "second_factor", "signed_in_from"]}),
    )
    readonly_fields = ["last_login", "date_joined", "second_factor", "signed_in_from"]
    filter_horizontal = ["groups"]
    add_fieldsets = ((None, {"fields": ["username", "email", "role", "usable_password", "password1", "password2"]}),)
    actions = ["end_sessions", "unlock", "take_second_factor", "switch_off", "switch_on"]

    @admin.display(boolean=True, description="second factor")
    def second_factor(self, user: User) -> bool:
        device = getattr(user, "authenticator", None)
        return device is not None and device.confirmed_at is not None

    @admin.display(description="signed in from")
    def signed_in_from(self, user: User) -> str:
        sessions = session_list(actor=user).filter(user=user)
        lines = ((s.address or "unknown", s.agent[:60], f"{s.seen_at:%Y-%m-%d %H:%M} UTC") for s in sessions)
        return format_html_join("", "<div>{} · {} · {}</div>", lines) or "nowhere"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Role and being active change through their services, which end what goes with the old ones."""
        role, active = Role(obj.role), obj.is_active
        if change:
            was = User.objects.get(pk=obj.pk)
            obj.role, obj.is_active = was.role, was.is_active
        super().save_model(request, obj, form, change)
        user_set_role(actor=request.user, user=obj, role=role)
        user_switch(actor=request.user, user=obj, active=active)

    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> Any:
        objs = list(objs)
        deletable, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deletable, counts, lacking, protected if others_administrate(objs) else [*protected, LAST_ADMIN]

    @admin.action(description="End all their sessions")
    @asks_first(
        "They are signed out everywhere at once, and so are programs that signed in as them.", "End the sessions"
    )
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        each_told(self, request, chosen, lambda user: sessions_revoke_all(actor=request.user, user=user))

    @admin.action(description="Unlock after too many tries")
    def unlock(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        each_told(self, request, chosen, lambda user: login_unlock(actor=request.user, user=user))

    @admin.action(description="Take their second factor away (they lost it)")
    @asks_first(
        "Only their password stands between their accounts and others until they set up a new one.", "Take it away"
    )
    def take_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        each_told(self, request, chosen, lambda user: factor_disable(actor=request.user, user=user))

    @admin.action(description="Switch off")
    @asks_first("They are signed out and cannot sign in until they are switched on again.", "Switch off")
    def switch_off(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        each_told(self, request, chosen, lambda user: user_switch(actor=request.user, user=user, active=False))

    @admin.action(description="Switch on")
    def switch_on(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        each_told(self, request, chosen, lambda user: user_switch(actor=request.user, user=user, active=True))


def others_administrate(people: list[User]) -> bool:
    """Would an active admin be left without these?"""
    return User.objects.admins().exclude(pk__in=[user.pk for user in people]).exists()


def each_told(door: ModelAdmin, request: HttpRequest, chosen: QuerySet[Any], act: Callable[[Any], Any]) -> None:
    """Do it to each; say of which it was refused and why, and of how many it was done."""
    done = 0
    for each in chosen:
        try:
            with transaction.atomic():
                act(each)
            done += 1
        except VeloxError as error:
            door.message_user(request, f"{each}: {error.message}", messages.ERROR)
    if done:
        door.message_user(request, f"done for {done}", messages.SUCCESS)


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):
    list_display = ["email", "role", "invited_by", "state", "created_at", "expires_at"]
    list_filter = ["role"]
    list_select_related = ["invited_by"]
    search_fields = ["email"]
    fields = ["email", "role"]
    actions = ["withdraw", "send_again"]

    @admin.display
    def state(self, invitation: Invitation) -> str:
        if invitation.used_at:
            return "used"
        return "withdrawn" if invitation.withdrawn_at else "open" if invitation.is_open else "expired"

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Invitation | None = None, change: bool = False, **named: Any) -> Any:
        made = super().get_form(request, obj, change, **named)

        class InvitationForm(made):  # type: ignore[misc, valid-type]
            def clean_email(self) -> str:
                email = self.cleaned_data["email"]
                if User.objects.filter(email__iexact=email).exists():
                    raise forms.ValidationError(f"{email} has an account already.")
                return email

        return InvitationForm

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        made = invitation_make(actor=request.user, email=obj.email, role=Role(obj.role), origin=origin(request))
        obj.pk, obj.expires_at, obj.invited_by = made.pk, made.expires_at, made.invited_by

    @admin.action(description="Withdraw", permissions=["add"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        each_told(self, request, chosen, lambda each: invitation_withdraw(actor=request.user, invitation=each))

    @admin.action(description="Invite again, with a new link", permissions=["add"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Invitation]) -> None:
        def again(each: Invitation) -> None:
            if each.used_at is not None:
                raise RuleBroken("has come in already")
            invitation_make(actor=request.user, email=each.email, role=Role(each.role), origin=origin(request))

        each_told(self, request, chosen, again)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "owner", "prefix", "state", "expires_at", "last_used_at", "last_address"]
    list_filter = ["revoked_at", "expires_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke")
    @asks_first("These keys end at once and for good; programs that use them are shut out.", "Revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        each_told(self, request, chosen, lambda key: apikey_revoke(actor=request.user, key_id=key.pk))


class GrantInline(TabularInline):
    model = Grant
    extra = 0
    autocomplete_fields = ["investor"]


@admin.register(BrokerAccount)
class BrokerAccountAdmin(AuditedAdmin):
    list_display = ["name", "owner", "broker", "currency", "mode", "live_enabled", "cash", "is_active"]
    list_filter = ["mode", "live_enabled", "broker", "currency", "is_active"]
    search_fields = ["name", "owner__username", "owner__email"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    # Going live is a promotion that is checked and recorded, not a tick in a form.
    readonly_fields = ["mode", "live_enabled", "created_at", "updated_at"]
    inlines = [GrantInline]

    @admin.display(description="starting cash")
    def cash(self, account: BrokerAccount) -> str:
        return f"{account.starting_cash.normalize():,f}"


@admin.register(Grant)
class GrantAdmin(AuditedAdmin):
    list_display = ["investor", "account", "created_at"]
    search_fields = ["investor__username", "account__name"]
    list_select_related = ["investor", "account"]
    autocomplete_fields = ["investor", "account"]
