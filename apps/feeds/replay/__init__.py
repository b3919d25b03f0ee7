"""Recorded market data as a feed: CSV, CSV.gz and Parquet of quotes, trades and candles."""

from apps.feeds.replay.check import DEFECTS, Finding, Report
from apps.feeds.replay.feed import ReplayFeed, replay_frames
from apps.feeds.replay.forms import Kind
from apps.feeds.replay.recording import Recording, recording_read

__all__ = ["DEFECTS", "Finding", "Kind", "Recording", "ReplayFeed", "Report", "recording_read", "replay_frames"]
