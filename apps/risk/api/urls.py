from django.urls import path, register_converter

from apps.risk.api import views
from apps.risk.models import Scope


class ScopeConverter:
    regex = "|".join(Scope.values)

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(ScopeConverter, "scope")

urlpatterns = [
    path("risk/limits", views.Limits.as_view()),
    path("risk/limits/<scope:scope>/<int:scope_id>", views.OneLimits.as_view()),
    path("risk/decisions", views.Decisions.as_view()),
]
