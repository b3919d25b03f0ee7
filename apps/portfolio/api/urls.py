from django.urls import path

from apps.portfolio.api import views

urlpatterns = [
    path("positions", views.Positions.as_view()),
    path("accounts/<int:account_id>/summary", views.Summary.as_view()),
    path("accounts/<int:account_id>/equity", views.Equity.as_view()),
    path("accounts/<int:account_id>/ledger", views.Ledger.as_view()),
]
