from django.urls import path

from apps.execution.api import kill, views

urlpatterns = [
    path("orders", views.Orders.as_view()),
    path("orders/<int:order_id>", views.OneOrder.as_view()),
    path("orders/<int:order_id>/events", views.Steps.as_view()),
    path("orders/<int:order_id>/cancel", views.Cancel.as_view()),
    path("kill-switches", kill.Switches.as_view()),
    path("kill-switches/<int:switch_id>/left", kill.Left.as_view()),
    path("kill-switches/pull", kill.Pull.as_view()),
    path("kill-switches/rearm", kill.Rearm.as_view()),
]
