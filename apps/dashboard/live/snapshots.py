"""Snapshot first, then every message after it: how a socket comes to follow a stream without a hole."""

from __future__ import annotations

import msgspec

from apps.dashboard.live.hub import Hub
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.streams import Stream


async def stream_show(hub: Hub, sources: Sources, stream: Stream, socket: Socket, after: int | None = None) -> None:
    """Let a socket follow a stream: from the message after `after` where all those are still kept, else from a
    snapshot. Raises NotFound where the stream is not the user's to see.

    The snapshot is looked up either way, for the right to see it may have ended. What was numbered while the
    database was read comes from the stream's store, after the snapshot; a fact may so be told twice, never not.
    """
    while True:
        seq = stream.seq
        state = await sources.snapshot(socket.user, stream.name)
        missed = stream.after(after) if after is not None else None
        if missed is not None:
            packets = missed
            break
        since = stream.after(seq)
        if since is not None:  # else more came meanwhile than is kept: look again
            packets = [stream.snapshot(msgspec.json.encode(state), seq), *since]
            break
    if socket.closed:
        return
    for packet in packets:
        socket.push(packet)
    stream.sockets.add(socket)
    hub.touch(socket)
