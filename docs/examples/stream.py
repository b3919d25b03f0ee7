"""Follow prices, candles and one account of a Velox installation, and miss nothing of the account.

    VELOX_KEY=vx_… python docs/examples/stream.py ws://localhost:8000 7 XAUUSD

It needs the package `websockets` and an API key with market:read, orders:read, portfolio:read and risk:read.
Every line it prints is one message; a connection that breaks is made again, and goes on where it was.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

FINAL = {4400, 4401}  # coming back with the same key and the same wishes would end the same way


def stream(url: str, key: str, channels: list[str]) -> Iterator[dict[str, Any]]:
    """Messages of these channels, for ever. Raises ConnectionClosed where the key opens nothing."""
    last: dict[str, int] = {}  # channel -> the last seq taken in
    wait_s = 1.0
    while True:
        try:
            with connect(f"{url}/ws/v1", additional_headers={"X-API-Key": key}, max_size=None) as socket:
                new = [channel for channel in channels if channel not in last]
                if new:
                    socket.send(json.dumps({"op": "subscribe", "channels": new}))
                for channel, seq in last.items():
                    socket.send(json.dumps({"op": "resume", "channel": channel, "after": seq}))
                for text in socket:
                    message = json.loads(text)
                    wait_s = 1.0
                    if _take(message, last):
                        yield message
                    elif message["seq"] > last[message["ch"]]:  # a gap: ask for what is missing
                        gap = {"op": "resume", "channel": message["ch"], "after": last[message["ch"]]}
                        socket.send(json.dumps(gap))
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code in FINAL:
                raise
        except OSError:  # the server is not there; it may be restarting
            pass
        time.sleep(wait_s)
        wait_s = min(30.0, wait_s * 2)


def _take(message: dict[str, Any], last: dict[str, int]) -> bool:
    """Whether a message follows what we have; remembers that we have it then."""
    seq, channel = message.get("seq"), message.get("ch")
    if seq is None or message["t"] == "error":
        return True
    if message["t"] == "snapshot" or channel not in last or seq == last[channel] + 1:
        last[channel] = seq
        return True
    return message["t"] in {"chart", "candles"} and seq == last[channel]  # the forming candle alone


def main() -> None:
    url, account, *symbols = sys.argv[1:]
    channels = [f"account:{account}"]
    for symbol in symbols:
        channels += [f"prices:{symbol}", f"candles:{symbol}:1m"]
    for message in stream(url, os.environ["VELOX_KEY"], channels):
        print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
