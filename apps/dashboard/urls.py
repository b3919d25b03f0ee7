"""Where the pages live."""

from __future__ import annotations

from django.urls import path

from apps.dashboard.views import chart_data, gallery, instrument, market, orders, overview, risk, strategies, system

app_name = "dashboard"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("panel/<slug:name>/", overview.panel, name="panel"),
    path("equity.json", overview.curve, name="curve"),
    path("account/", overview.account_choose, name="account-choose"),
    path("market/", market.market, name="market"),
    path("market/search/", market.search, name="market-search"),
    path("market/add/", market.add, name="market-add"),
    path("market/remove/", market.remove, name="market-remove"),
    path("charts/indicators.json", chart_data.indicators, name="chart-indicators"),
    path("charts/<int:number>/history.json", chart_data.history, name="chart-history"),
    path("charts/<int:number>/fills.json", instrument.fills, name="chart-fills"),
    path("ticket/<int:number>/", instrument.ticket, name="ticket"),
    path("ticket/<int:number>/send/", instrument.ticket_send, name="ticket-send"),
    path("instruments/<path:symbol>/", instrument.instrument, name="instrument"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<int:order_id>/", orders.order, name="order"),
    path("orders/<int:order_id>/cancel/", orders.cancel, name="order-cancel"),
    path("positions/", orders.positions, name="positions"),
    path("strategies/", strategies.strategies, name="strategies"),
    path("strategies/new/", strategies.create, name="strategy-choose"),
    path("strategies/new/<slug:key>/", strategies.create, name="strategy-new"),
    path("strategies/<int:run_id>/", strategies.run, name="run"),
    path("strategies/<int:run_id>/start/", strategies.start, name="run-start"),
    path("strategies/<int:run_id>/stop/", strategies.stop, name="run-stop"),
    path("risk/", risk.risk, name="risk"),
    path("risk/kill/", risk.pull, name="kill-pull"),
    path("risk/rearm/", risk.rearm, name="kill-rearm"),
    path("system/", system.system, name="system"),
    path("parts/", gallery.gallery, name="gallery"),
]
