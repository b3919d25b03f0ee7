"""A market made of random numbers, for demonstrations and load: never to be mistaken for a real one."""

from apps.feeds.synthetic.feed import SyntheticFeed
from apps.feeds.synthetic.spec import MARKETS, MarketSpec, markets

__all__ = ["MARKETS", "MarketSpec", "SyntheticFeed", "markets"]
