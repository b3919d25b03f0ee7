#!/usr/bin/env python
"""Django's command line."""

import sys

from velox.env import default_settings

if __name__ == "__main__":
    default_settings()
    if sys.argv[1:2] == ["velox_run"]:
        from velox.door import door_open_early

        door_open_early(sys.argv[2:])
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
