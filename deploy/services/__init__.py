"""Real servers on a Debian machine without Docker: `python3 -m deploy.services up`. Standard library only."""
