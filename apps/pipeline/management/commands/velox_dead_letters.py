"""Look at messages that no stage could handle, and send them again once the cause is mended."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.pipeline.dead_letters import Letter, letter_replay, letters_read
from velox.wiring import system


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["list", "show", "replay"])
        parser.add_argument("numbers", nargs="*", type=int, help="dead letters by number; none: all (list, show)")
        parser.add_argument("--all", action="store_true", help="replay every one of them")
        parser.add_argument("--stage", default="", help="only those of this stage")

    def handle(self, *, action: str, numbers: list[int], stage: str, **options: Any) -> None:
        if settings.BUS == "memory":
            raise CommandError("the bus of this installation lives inside its process: its log and pages show these")
        if action == "replay" and not (numbers or options["all"]):
            raise CommandError("say which to replay, by number, or --all")
        bus = system().bus
        try:
            letters = [letter for letter in letters_read(bus) if not stage or letter.stage == stage]
            chosen = [letter for letter in letters if letter.number in numbers] if numbers else letters
            if missing := set(numbers) - {letter.number for letter in chosen}:
                raise CommandError(f"no dead letter has the number {', '.join(map(str, sorted(missing)))}")
            for letter in chosen:
                self.stdout.write(self._replay(letter) if action == "replay" else _text(letter, action == "show"))
        finally:
            bus.close()

    def _replay(self, letter: Letter) -> str:
        offset = letter_replay(system().bus, letter)
        return f"{letter.number}: sent again, {letter.topic} offset {offset}"


def _text(letter: Letter, whole: bool) -> str:
    facts = letter.as_dict()
    if whole:
        return json.dumps(facts, indent=1)
    return f"{letter.number:>6}  {facts['published_at']}  {letter.stage:<10} {facts['place']}  {letter.reason}"
