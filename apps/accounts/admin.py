"""Back office: users, accounts, grants."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.models import ApiKey, BrokerAccount, Grant, User
from apps.accounts.services.api_keys import apikey_revoke
from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin, asks_first, each

# A refresh token is as good as a password: nobody reads it here. Groups come back below, in this office's looks.
admin.site.unregister([Group, OutstandingToken, BlacklistedToken])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ["username", "email", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active", "is_staff"]
    search_fields = ["username", "email", "first_name", "last_name"]
    fieldsets = (
        *DjangoUserAdmin.fieldsets,
        ("Velox", {"fields": ["role", "time_zone", "theme"]}),
    )
    add_fieldsets = ((None, {"fields": ["username", "email", "role", "usable_password", "password1", "password2"]}),)


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


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "owner", "prefix", "state", "expires_at", "last_used_at", "last_address"]
    search_fields = ["name", "prefix", "owner__username", "last_address"]
    list_select_related = ["owner"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke")
    @asks_first("These keys end at once and for good; programs that use them are shut out.", "Revoke")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        each(self, request, chosen, lambda key: apikey_revoke(actor=request.user, key_id=key.pk), "keys were revoked")
