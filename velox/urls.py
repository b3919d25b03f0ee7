"""Front doors over HTTP."""

from django.contrib import admin
from django.urls import include, path

from apps.accounts.views import door
from apps.common.views import HealthLive, HealthReady

urlpatterns = [
    path("health/live", HealthLive.as_view(), name="health-live"),
    path("health/ready", HealthReady.as_view(), name="health-ready"),
    path("login/", door.sign_in, name="login"),
    path("logout/", door.sign_out, name="logout"),
    path("admin/", admin.site.urls),
    path("api/", include("apps.api.urls")),
    path("", include("apps.webhooks.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.dashboard.urls")),
]

handler403 = "apps.common.views.forbidden"
handler404 = "apps.common.views.not_found"
handler500 = "apps.common.views.server_error"
