"""How a recording is played."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from apps.domain.errors import BadInput
from apps.domain.ports import FeedPort
from apps.feeds.open import feed_open
from apps.feeds.replay import ReplayFeed, replay_frames
from tests.unit.feeds.files import CANDLES, QUOTES, write


class Hours:
    """A clock that moves only while somebody waits."""

    def __init__(self, now: int = 10**18) -> None:
        self.now = now
        self.waits: list[float] = []

    def now_ns(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.now += round(seconds * 1e9)


def ticks_file(folder, gaps_ms):
    at, rows = 0, ["time,bid,ask"]
    for gap in gaps_ms:
        at += gap
        rows.append(f"2024-01-01T00:{at // 60000:02}:{at // 1000 % 60:02}.{at % 1000:03}Z,1,2")
    return write(folder, "\n".join(rows))


def test_as_fast_as_possible_is_the_same_every_time(tmp_path):
    path = ticks_file(tmp_path, [7] * 1200)
    one, two = (list(ReplayFeed(path, 1).frames()) for _ in range(2))
    assert [len(frame) for frame in one] == [500, 500, 201]
    assert b"".join(f.tobytes() for f in one) == b"".join(f.tobytes() for f in two)
    assert all((frame["seen_ns"] == frame["event_ns"]).all() for frame in one)


@pytest.mark.parametrize("speed", [1, 60])
def test_no_tick_comes_before_it_is_due_nor_later_than_it_must(tmp_path, speed):
    clock = Hours()
    feed = ReplayFeed(ticks_file(tmp_path, [3, 3, 400, 1, 5000]), 1, speed=speed, clock=clock, wait=clock.wait)
    frames = list(islice(feed.frames(), 5))
    ticks = np.concatenate(frames)[:5]
    played = (ticks["event_ns"] - ticks["event_ns"][0]) / speed
    waited = ticks["seen_ns"] - 10**18
    assert (waited >= played - 1_000_000).all() and (waited <= played + 1_000).all()


def test_a_lone_tick_does_not_wait_for_a_frame_to_fill(tmp_path):
    clock = Hours()
    feed = ReplayFeed(ticks_file(tmp_path, [0, 1, 2000]), 1, speed=1, clock=clock, wait=clock.wait)
    assert [len(frame) for frame in islice(feed.frames(), 2)] == [2, 1]


def test_nights_can_be_cut_short(tmp_path):
    clock = Hours()
    feed = ReplayFeed(write(tmp_path, QUOTES), 1, speed=1, longest_wait_s=2, clock=clock, wait=clock.wait)
    assert sum(len(frame) for frame in feed.frames()) == 4 and sum(clock.waits) < 4


def test_it_goes_on_where_it_was_stopped(tmp_path):
    path = ticks_file(tmp_path, [7] * 30)
    feed, whole = ReplayFeed(path, 1, frame_rows=10), np.concatenate(list(ReplayFeed(path, 1).frames()))
    first = next(feed.frames())
    feed.stop()
    again = ReplayFeed(path, 1, frame_rows=10)
    again.start_at(row=feed.row)
    assert np.concatenate([first, *again.frames()]).tobytes() == whole.tobytes()


def test_it_starts_at_a_time(tmp_path):
    feed = ReplayFeed(ticks_file(tmp_path, [1000] * 10), 1)
    feed.start_at(event_ns=int(feed.recording.ticks["event_ns"][4]) - 1)
    assert feed.row == 4 and next(feed.frames())["event_ns"][0] == feed.recording.ticks["event_ns"][4]
    with pytest.raises(BadInput, match="cannot start"):
        feed.start_at(row=99)


def test_a_loop_never_turns_time_back_and_keeps_the_weekday(tmp_path):
    feed = ReplayFeed(write(tmp_path, CANDLES), 1, loop=True)
    rounds = list(islice(feed.frames(), 3))
    ticks = np.concatenate(rounds)
    assert (np.diff(ticks["event_ns"]) >= 0).all() and feed.round == 2
    assert (rounds[1]["event_ns"] - rounds[0]["event_ns"]).tolist() == [7 * 86_400 * 10**9] * len(rounds[0])


def test_it_says_what_it_is(tmp_path):
    path = write(tmp_path, QUOTES)
    feed: FeedPort = feed_open("replay", path, 1, speed=60)
    assert (feed.kind, feed.source, feed.speed, feed.name) == ("replay", str(path), 60, "replay of file.csv")
    with pytest.raises(BadInput, match="replay or synthetic"):
        feed_open("guess")


def test_a_backtest_reads_big_frames(tmp_path):
    assert [len(frame) for frame in replay_frames(ticks_file(tmp_path, [3] * 900), 1)] == [901]
