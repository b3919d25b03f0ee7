from django.urls import path

from apps.accounts.api import keys, tokens, views

urlpatterns = [
    path("auth/tokens", tokens.Tokens.as_view()),
    path("auth/tokens/refresh", tokens.Refresh.as_view()),
    path("auth/tokens/revoke", tokens.Revoke.as_view()),
    path("users/me", views.Me.as_view()),
    path("api-keys", keys.Keys.as_view()),
    path("api-keys/<int:key_id>", keys.OneKey.as_view()),
    path("accounts", views.Accounts.as_view()),
    path("accounts/<int:account_id>", views.Account.as_view()),
    path("grants", views.Grants.as_view()),
    path("grants/<int:grant_id>", views.OneGrant.as_view()),
]
