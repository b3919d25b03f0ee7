from django.urls import path

from apps.strategies.api import views

urlpatterns = [
    path("strategies", views.Strategies.as_view()),
    path("runs", views.Runs.as_view()),
    path("runs/<int:run_id>", views.OneRun.as_view()),
    path("runs/<int:run_id>/start", views.Start.as_view()),
    path("runs/<int:run_id>/stop", views.Stop.as_view()),
    path("signals", views.Signals.as_view()),
]
