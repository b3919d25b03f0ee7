"""Ticks between the minutes of a PricePath: a bridge that ends on the minute's own close, on the price grid."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.frames import BUYER, QUOTE, SELLER, TICK, TickArray
from apps.feeds.synthetic.path import MINUTE_NS, Minutes
from apps.feeds.synthetic.spec import MarketSpec

_SPREAD_LIFT: Final = 0.9  # how far the spread follows volatility


def ticks_between(spec: MarketSpec, number: int, minutes: Minutes, rate: float, rng: np.random.Generator) -> TickArray:
    """Ticks of some minutes at about `rate` a second, livelier minutes more; at least one in an open minute."""
    counts = _counts(minutes, rate, rng)
    total = int(counts.sum())
    ticks = np.zeros(total, TICK)
    if not total:
        return ticks
    minute = np.repeat(np.arange(len(counts)), counts)
    share = rng.random(total)
    share = np.sort(minute + share) - minute  # of the minute gone by
    at = (minutes.first + minute) * MINUTE_NS + (share * MINUTE_NS).astype(np.int64)
    ticks["instrument"], ticks["event_ns"], ticks["seen_ns"] = number, at, at
    mid = np.exp(_bridge(minutes, minute, share, counts, rng)) * 10**spec.decimals / spec.step  # in price steps
    heat = minutes.heat[minute]
    spread = spec.spread * np.exp(_SPREAD_LIFT * np.log(np.maximum(heat, 0.5)) + 0.15 * rng.standard_normal(total))
    sizes = _sizes(spec, np.sqrt(heat), rng)
    (_quotes if spec.quoted else _trades)(spec, ticks, mid, spread, sizes, rng)
    return ticks


def _counts(minutes: Minutes, rate: float, rng: np.random.Generator) -> NDArray[np.int64]:
    wanted = np.where(minutes.open, 60.0 * rate * np.sqrt(np.minimum(minutes.heat, 9.0)), 0.0)
    return np.maximum(rng.poisson(wanted), minutes.open)


def _bridge(
    minutes: Minutes,
    minute: NDArray[np.int64],
    share: NDArray[np.float64],
    counts: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Log price: from where the minute begins to where it ends, its last tick exactly there."""
    last = np.cumsum(counts) - 1
    steps = np.diff(share, prepend=0.0)
    steps[last[counts > 0][:-1] + 1] = share[last[counts > 0][:-1] + 1]  # a minute's first tick counts from its start
    walk = np.cumsum(rng.standard_normal(len(share)) * np.sqrt(np.maximum(steps, 0.0)))
    before = np.append(0.0, walk)[last - counts + 1][minute]
    part = share / np.maximum(share[last][minute], 1e-12)
    swing = walk - before - part * (walk[last][minute] - before)
    begins, ends = minutes.begins[minute], minutes.ends[minute]
    price: NDArray[np.float64] = begins + part * (ends - begins) + minutes.calm * minutes.heat[minute] * swing
    return price


def _sizes(spec: MarketSpec, lively: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    lots = np.ceil(spec.size / spec.lot * 0.7 * lively * np.exp(0.8 * rng.standard_normal(len(lively))))
    sizes: NDArray[np.float64] = np.maximum(lots, 1.0) * spec.lot
    return sizes


def _on_grid(spec: MarketSpec, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The float nearest to the decimal price, so that it prints as the venue would have sent it."""
    prices: NDArray[np.float64] = np.maximum(steps, 1.0) * spec.step / 10**spec.decimals
    return prices


def _quotes(
    spec: MarketSpec,
    ticks: TickArray,
    mid: NDArray[np.float64],
    spread: NDArray[np.float64],
    sizes: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    bid = np.rint(mid - spread / 2)
    ticks["flags"] = QUOTE
    ticks["price"] = _on_grid(spec, bid)
    ticks["ask"] = _on_grid(spec, bid + np.maximum(np.rint(spread), 1.0))
    ticks["size"], ticks["ask_size"] = sizes, sizes[rng.permutation(len(sizes))]


def _trades(
    spec: MarketSpec,
    ticks: TickArray,
    mid: NDArray[np.float64],
    spread: NDArray[np.float64],
    sizes: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Buyers take the ask and sellers the bid, and more of them buy when the price has just risen."""
    rising = np.sign(np.diff(mid, prepend=mid[:1]))
    buyer = rng.random(len(mid)) < 0.5 + 0.2 * rising
    ticks["flags"] = np.where(buyer, BUYER, SELLER)
    ticks["price"] = _on_grid(spec, np.rint(mid + np.where(buyer, 0.5, -0.5) * spread))
    ticks["size"], ticks["ask"] = sizes, np.nan
