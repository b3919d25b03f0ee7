"""Fold every order's steps anew and compare with its row."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.orders.selectors import orders_drifted
from apps.orders.services import order_repair


class Command(BaseCommand):
    help = "Rebuild order rows from their steps. With --check, only report differences and fail on any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when a row differs")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        count = 0
        for drift in orders_drifted():
            count += 1
            self.stdout.write(f"{drift.order.client_order_id}: row {drift.row}, steps {drift.steps}")
            if not check:
                order_repair(drift.order)
        if check and count:
            raise CommandError(f"{count} orders differ from their steps; run orders_rebuild to repair them")
        self.stdout.write(f"{count} orders repaired" if count else "every order is what its steps say")
