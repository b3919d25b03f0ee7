"""Back office: users, accounts, grants."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.accounts.models import BrokerAccount, Grant, User

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
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
class BrokerAccountAdmin(ModelAdmin):
    list_display = ["name", "owner", "broker", "currency", "mode", "live_enabled", "starting_cash", "is_active"]
    list_filter = ["mode", "live_enabled", "broker", "currency", "is_active"]
    search_fields = ["name", "owner__username", "owner__email"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    # Going live is a promotion that is checked and recorded, not a tick in a form.
    readonly_fields = ["mode", "live_enabled", "created_at", "updated_at"]
    inlines = [GrantInline]


@admin.register(Grant)
class GrantAdmin(ModelAdmin):
    list_display = ["investor", "account", "created_at"]
    search_fields = ["investor__username", "account__name"]
    list_select_related = ["investor", "account"]
    autocomplete_fields = ["investor", "account"]
