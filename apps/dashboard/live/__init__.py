"""Live push: one hub a process fans ready-made bytes out to its own sockets. The protocol: docs/live-protocol.md."""
