"""Indicators: each one compiled step, written once, for whole arrays, single candles and frames of ticks."""
