from django.urls import path

from apps.orders.api import views

urlpatterns = [path("fills", views.Fills.as_view())]
