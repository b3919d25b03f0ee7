"""The back office: its looks, and where everything in it is found."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


def _group(title: str, *items: dict[str, Any], folded: bool = False) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": folded, "items": list(items)}


NAVIGATION = [
    {"items": [{"title": "Today", "icon": "monitoring", "link": reverse_lazy("admin:index")}]},
    _group(
        "Trading",
        _item("Orders", "receipt_long", "orders_order"),
        _item("Fills", "done_all", "orders_fill"),
        _item("Positions", "account_balance_wallet", "portfolio_position"),
        _item("Strategy runs", "smart_toy", "strategies_strategyrun"),
        _item("Signals", "bolt", "strategies_signalrow"),
    ),
    _group(
        "Risk",
        _item("Kill switches", "power_settings_new", "risk_killswitch"),
        _item("Limits", "tune", "risk_risklimit"),
        _item("Decisions", "gavel", "risk_riskdecision"),
    ),
    _group(
        "People and doors",
        _item("Users", "person", "accounts_user"),
        _item("Invitations", "mail", "accounts_invitation"),
        _item("Accounts", "account_balance", "accounts_brokeraccount"),
        _item("Grants", "visibility", "accounts_grant"),
        _item("API keys", "key", "accounts_apikey"),
        _item("Webhooks", "webhook", "webhooks_webhook"),
        _item("Webhook deliveries", "inbox", "webhooks_webhookdelivery"),
        _item("Groups", "group", "auth_group"),
    ),
    _group(
        "Money",
        _item("Ledger", "menu_book", "portfolio_ledgerentry"),
        _item("Cash", "payments", "portfolio_cash"),
        _item("Equity", "show_chart", "portfolio_equitysnapshot"),
        _item("Day starts", "today", "portfolio_daystart"),
        _item("Exchange rates", "currency_exchange", "portfolio_fxrate"),
    ),
    _group(
        "Market",
        _item("Instruments", "candlestick_chart", "instruments_instrument"),
        _item("Venues", "storefront", "instruments_venue"),
        _item("Watchlists", "bookmarks", "instruments_watchlist"),
        _item("Candles", "bar_chart", "marketdata_storedcandle"),
        _item("Gaps", "heart_broken", "marketdata_gaplog"),
    ),
    _group(
        "System",
        _item("Audit trail", "history", "audit_auditentry"),
        _item("Order steps", "format_list_numbered", "orders_orderevent"),
        _item("Outbox", "outbox", "common_outbox"),
        _item("Lane states", "save", "strategies_lanestate"),
    ),
]

UNFOLD = {
    "SITE_TITLE": "Velox",
    "SITE_HEADER": "Velox",
    "SITE_SUBHEADER": "Back office",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("img/logo.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/logo.svg")}],
    "COLORS": {  # the teal of the logo, from light to dark; 600 and darker carry white words at 4.5:1
        "primary": {
            "50": "oklch(98% .014 185)",
            "100": "oklch(95% .04 185)",
            "200": "oklch(91% .07 185)",
            "300": "oklch(85% .1 185)",
            "400": "oklch(77% .12 185)",
            "500": "oklch(68% .115 185)",
            "600": "oklch(53% .095 185)",
            "700": "oklch(46% .08 186)",
            "800": "oklch(40% .068 187)",
            "900": "oklch(35% .055 188)",
            "950": "oklch(26% .045 190)",
        }
    },
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": [lambda request: static("css/office.css")],
    "DASHBOARD_CALLBACK": "apps.dashboard.office.office",
    "COMMAND": {"search_models": True},
    "SIDEBAR": {"show_search": True, "navigation": NAVIGATION},
}
