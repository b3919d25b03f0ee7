"""Where the pages live."""

from __future__ import annotations

from django.urls import path

from apps.dashboard.views import gallery

app_name = "dashboard"

urlpatterns = [
    path("", gallery.gallery, name="overview"),
    path("market/", gallery.gallery, name="market"),
    path("orders/", gallery.gallery, name="orders"),
    path("positions/", gallery.gallery, name="positions"),
    path("strategies/", gallery.gallery, name="strategies"),
    path("risk/", gallery.gallery, name="risk"),
    path("risk/kill/", gallery.gallery, name="kill-pull"),
    path("system/", gallery.gallery, name="system"),
    path("account/", gallery.gallery, name="account-choose"),
    path("parts/", gallery.gallery, name="gallery"),
]
