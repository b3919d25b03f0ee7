"""The seven stages, one a file. Each is a plain class the host calls; none starts a thread of its own but ingest."""
