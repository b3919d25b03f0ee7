"""The WSGI application bench_api serves: as it is, with a market whose one price is told again twice a second."""

from __future__ import annotations

import threading
import time

from velox.wsgi import application

__all__ = ["application"]


def _tell() -> None:
    import numpy as np

    from apps.domain.frames import TICK
    from apps.marketdata.quotes import board

    tick = np.zeros(1, TICK)
    tick["instrument"], tick["price"] = 1, 100.0
    while True:
        tick["event_ns"] = tick["seen_ns"] = time.time_ns()
        board.update(tick)
        time.sleep(0.5)


threading.Thread(target=_tell, daemon=True).start()
