"""The senders' address, and the owner's pages."""

from __future__ import annotations

from django.urls import path

from apps.webhooks import door, views

app_name = "webhooks"

urlpatterns = [
    path("hooks/<str:public_id>/<str:secret>", door.hook, name="door"),
    path("webhooks/", views.hooks, name="hooks"),
    path("webhooks/new/", views.create, name="new"),
    path("webhooks/<int:hook_id>/", views.one, name="hook"),
    path("webhooks/<int:hook_id>/rotate/", views.rotate, name="rotate"),
    path("webhooks/<int:hook_id>/switch/", views.switch, name="switch"),
    path("webhooks/deliveries/<int:delivery_id>/", views.delivery, name="delivery"),
    path("webhooks/deliveries/<int:delivery_id>/replay/", views.replay, name="replay"),
]
