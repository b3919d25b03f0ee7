from django.urls import path

from apps.instruments.api import views

urlpatterns = [
    path("instruments", views.Instruments.as_view()),
    path("instruments/<int:number>", views.OneInstrument.as_view()),
    path("venues", views.Venues.as_view()),
]
