"""A start as a newcomer does it: an empty clone, `make run`, a browser's steps over HTTP and a websocket."""
