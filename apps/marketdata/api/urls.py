from django.urls import path

from apps.marketdata.api import views

urlpatterns = [
    path("instruments/<int:number>/candles", views.Candles.as_view()),
    path("quotes", views.Quotes.as_view()),
    path("indicators", views.Indicators.as_view()),
]
