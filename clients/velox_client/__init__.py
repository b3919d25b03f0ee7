"""Velox from Python: log in or bring a key, ask for things, place orders that happen once."""

from velox_client.client import Problem, Velox
from velox_client.things import Account, Candles, Fill, Instrument, Order, Position, Run

__all__ = ["Account", "Candles", "Fill", "Instrument", "Order", "Position", "Problem", "Run", "Velox"]
