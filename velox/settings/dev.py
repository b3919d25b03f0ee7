"""One person's machine: `make run`. The same checks as production, without asking for TLS or secrets."""

from velox.env import env
from velox.settings.base import *

DEBUG = env.flag("DEBUG")
REGISTRATION = env.text("REGISTRATION") or "open"  # a demo wants to be tried

env.check()
