"""The pieces that steps are built of: smoothing, sliding sums and moments, extremes, true range.

Each part owns a stretch of the step's state and takes the newest value `x`; with `commit` it also stores it.
Beside each part stands the `*_size` of its stretch. State that is all zeros is a fresh start. A part gives
NaN until it has seen enough.

Sliding sums never subtract. Committed values fill blocks of n - 1; a full block is turned in place into sums
from each of its places to its end. The last n - 1 values are then "rest of the previous block" + "current
block so far": two numbers to add, nothing drifts however long the series, a window of zeros sums to exactly
zero, and the work is O(1) a candle on average and O(1) for each provisional value.
"""

from __future__ import annotations

from math import nan
from typing import Any

from apps.domain.indicators.compiled import at, part

# mypy cannot see through numba: pointers and numbers are Any here.
Floats = Any
Number = Any


def smooth_size() -> int:
    """State of `smooth`: values seen, the average so far."""
    return 2


@part
def smooth(s: Floats, n: Number, k: Number, x: Number, commit: Number) -> Number:
    """Exponential average: the plain mean of the first n values, then y += k (x - y). Flat stays exactly flat."""
    seen = s[0]
    value = s[1] + (x - s[1]) * (k if seen >= n else 1.0 / (seen + 1.0))
    if commit:
        s[0] = seen + 1.0
        s[1] = value
    return value if seen >= n - 1.0 else nan


def total_size(n: float) -> int:
    """State of `total`: values seen, place in the block, sum of the block so far, sum of all n - 1, the block."""
    return 4 + int(n) - 1


@part
def total(s: Floats, n: Number, x: Number, commit: Number) -> Number:
    """Sum of the last n values."""
    value = s[3] + x if s[0] >= n - 1.0 else nan
    if commit:
        s[0] += 1.0
        m = int(n) - 1
        if m > 0:
            _total_store(s, m, x)
    return value


@part
def _total_store(s: Floats, m: Number, x: Number) -> None:
    i = int(s[1])
    s[4 + i] = x
    s[2] += x
    i += 1
    if i == m:
        s[2] = 0.0
        for j in range(m - 2, -1, -1):
            s[4 + j] += s[5 + j]
        i = 0
    s[1] = float(i)
    s[3] = s[2] + s[4 + i]


def moments_size(n: float) -> int:
    """State of `moments`: seen, place, mean and M2 of the block, mean and M2 of all, block means, block M2s."""
    return 6 + 2 * (int(n) - 1)


@part
def moments(s: Floats, n: Number, x: Number, commit: Number) -> tuple[Number, Number]:
    """(mean, population standard deviation) of the last n values; exactly (x, 0) where all are equal.

    Welford's update, and Chan's rule to join the two stretches: no squares of prices are ever subtracted.
    """
    away = x - s[4]
    if n == 1.0:
        mean, deviation = x, 0.0
    elif s[0] >= n - 1.0:
        mean = s[4] + away / n
        deviation = ((s[5] + away * (x - mean)) / n) ** 0.5
    else:
        mean, deviation = nan, nan
    if commit:
        s[0] += 1.0
        m = int(n) - 1
        if m > 0:
            _moments_store(s, m, x)
    return mean, deviation


@part
def _moments_store(s: Floats, m: Number, x: Number) -> None:
    i = int(s[1])
    s[6 + i] = x
    i += 1
    away = x - s[2]
    s[2] += away / i
    s[3] += away * (x - s[2])
    if i == m:
        mean, square = 0.0, 0.0
        for j in range(m - 1, -1, -1):
            away = s[6 + j] - mean
            mean += away / (m - j)
            square += away * (s[6 + j] - mean)
            s[6 + j] = mean
            s[6 + m + j] = square
        i, s[2], s[3] = 0, 0.0, 0.0
    s[1] = float(i)
    if s[0] < m:  # the first block is still filling: there is no previous one
        s[4], s[5] = s[2], s[3]
    else:
        away = s[2] - s[6 + i]
        s[4] = s[6 + i] + away * i / m
        s[5] = s[6 + m + i] + s[3] + away * away * i * (m - i) / m


def weighted_size(n: float) -> int:
    """State of `weighted`: seen, place, zero point, sum and weighted sum of the block, of all, the block twice."""
    return 7 + 2 * (int(n) - 1)


@part
def weighted(s: Floats, n: Number, x: Number, commit: Number) -> tuple[Number, Number, Number]:
    """(zero point, sum, sum weighted 1..n with the newest heaviest) of the last n values, less the zero point.

    The zero point is a recent value, so that the sums are of small numbers and a flat series gives exact zeros.
    """
    zero = s[2] if s[0] > 0.0 else x
    if s[0] >= n - 1.0:
        plain = s[5] + (x - zero)
        heavy = s[6] + n * (x - zero)
    else:
        plain, heavy = nan, nan
    if commit:
        s[2] = zero
        s[0] += 1.0
        m = int(n) - 1
        if m > 0:
            _weighted_store(s, m, x)
    return zero, plain, heavy


@part
def _weighted_store(s: Floats, m: Number, x: Number) -> None:
    i = int(s[1])
    s[7 + i] = x
    i += 1
    s[3] += x - s[2]
    s[4] += i * (x - s[2])
    if i == m:
        s[2] = x
        plain, heavy = 0.0, 0.0
        for j in range(m - 1, -1, -1):
            plain += s[7 + j] - x
            heavy += plain
            s[7 + j] = plain
            s[7 + m + j] = heavy
        i, s[3], s[4] = 0, 0.0, 0.0
    s[1] = float(i)
    s[5] = s[3]
    s[6] = s[4] + (m - i) * s[3]
    if s[0] >= m:
        s[5] += s[7 + i]
        s[6] += s[7 + m + i]


def highest_size(n: float) -> int:
    """State of `highest` and `lowest`: values seen, place, extreme of the last n - 1, those values."""
    return 3 + int(n) - 1


@part
def highest(s: Floats, n: Number, x: Number, commit: Number) -> Number:
    """Largest of the last n values. Stored values are scanned only when the largest one leaves."""
    seen = s[0]
    value = x if n == 1.0 or seen == 0.0 else max(x, s[2])
    if commit:
        s[0] = seen + 1.0
        m = int(n) - 1
        if m > 0:
            _highest_store(s, m, x)
    return value if seen >= n - 1.0 else nan


@part
def _highest_store(s: Floats, m: Number, x: Number) -> None:
    i = int(s[1])
    gone = s[3 + i]
    s[3 + i] = x
    s[1] = 0.0 if i + 1 == m else i + 1.0
    if s[0] == 1.0 or x >= s[2]:
        s[2] = x
    elif s[0] > m and gone == s[2]:
        best = x
        for j in range(m):
            best = max(best, s[3 + j])
        s[2] = best


@part
def lowest(s: Floats, n: Number, x: Number, commit: Number) -> Number:
    """Smallest of the last n values."""
    return -highest(s, n, -x, commit)


def lagged_size(n: float) -> int:
    """State of `lagged`: values seen, place, the last n values."""
    return 2 + int(n)


@part
def lagged(s: Floats, n: Number, x: Number, commit: Number) -> Number:
    """The value n candles before `x`."""
    i = int(s[1])
    value = s[2 + i] if s[0] >= n else nan
    if commit:
        s[2 + i] = x
        s[0] += 1.0
        s[1] = 0.0 if i + 1 == int(n) else i + 1.0
    return value


@part
def widest(h: Number, l: Number, previous: Number) -> Number:
    """True range (Wilder 1978): the widest of high - low and the two distances to the previous close."""
    return max(h - l, max(abs(h - previous), abs(l - previous)))


def average_range_size() -> int:
    """State of `average_range`: whether a close was seen, that close, the smoothing."""
    return 2 + smooth_size()


@part
def average_range(s: Floats, n: Number, k: Number, h: Number, l: Number, c: Number, commit: Number) -> Number:
    """Wilder's average of the true range, NaN for n candles: the first candle has no true range."""
    value = smooth(at(s, 2), n, k, widest(h, l, s[1]), commit) if s[0] > 0.0 else nan
    if commit:
        s[0] = 1.0
        s[1] = c
    return value


def strength_size() -> int:
    """State of `strength`: whether a close was seen, that close, the averages of rises and of falls."""
    return 2 + 2 * smooth_size()


@part
def strength(s: Floats, n: Number, k: Number, c: Number, commit: Number) -> Number:
    """Wilder's relative strength index of `c`; 50 where nothing rose or fell."""
    if s[0] > 0.0:
        change = c - s[1]
        rise = smooth(at(s, 2), n, k, max(change, 0.0), commit)
        fall = smooth(at(s, 4), n, k, max(-change, 0.0), commit)
        both = rise + fall
        value = 50.0 if both == 0.0 else 100.0 * rise / both
    else:
        value = nan
    if commit:
        s[0] = 1.0
        s[1] = c
    return value


@part
def share(part_of: Number, whole: Number, neutral: Number) -> Number:
    """part_of / whole, or `neutral` where the whole is zero."""
    return neutral if whole == 0.0 else part_of / whole
