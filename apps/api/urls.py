"""The router: every resource under /api/v1/, nothing else under /api/."""

from django.urls import include, path, re_path

from apps.api import views

_V1 = [
    path("health", views.Health.as_view()),
    path("problems", views.Problems.as_view()),
    path("problems/<slug:code>", views.OneProblem.as_view()),
    *(
        path("", include(f"apps.{name}.api.urls"))
        for name in ("accounts", "instruments", "marketdata", "strategies", "execution", "orders", "portfolio", "risk")
    ),
]

urlpatterns = [
    path("v1/", include(_V1)),
    path("v1/openapi.json", views.schema, name="api-schema"),
    path("docs/", views.swagger, name="api-swagger"),
    path("redoc/", views.redoc, name="api-redoc"),
    re_path("", views.Nothing.as_view()),
]
