"""Trading hours: calendars of venues, the market clock, named windows of the day."""

from apps.domain.sessions.calendar import Calendar, MarketClock, MarketState, Part, Season, Session
from apps.domain.sessions.table import SESSION_COLUMNS, SessionTable
from apps.domain.sessions.venues import (
    CALENDARS,
    CFD_INDEX,
    CFD_METAL,
    CRYPTO,
    FX,
    MCX,
    NSE,
    SHFE_GOLD,
    US_EQUITY,
    calendar_get,
)
from apps.domain.sessions.windows import WINDOWS, Window, window_at, window_named, window_on

__all__ = [
    "CALENDARS",
    "CFD_INDEX",
    "CFD_METAL",
    "CRYPTO",
    "FX",
    "MCX",
    "NSE",
    "SESSION_COLUMNS",
    "SHFE_GOLD",
    "US_EQUITY",
    "WINDOWS",
    "Calendar",
    "MarketClock",
    "MarketState",
    "Part",
    "Season",
    "Session",
    "SessionTable",
    "Window",
    "calendar_get",
    "window_at",
    "window_named",
    "window_on",
]
