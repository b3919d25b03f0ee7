"""The REST door: what every resource shares. The resources themselves live in apps/*/api."""
