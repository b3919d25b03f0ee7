from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "apps.common"
    label = "common"
    verbose_name = "Common"

    def ready(self) -> None:
        from apps.common import checks, health

        health.register("migrated", checks.migrated)
        health.register("assets", checks.assets_there)
