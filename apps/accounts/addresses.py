"""Addresses a caller may come from, as single ones or networks."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from apps.domain.errors import BadInput

MOST: Final = 20


def addresses_checked(addresses: Iterable[str]) -> list[str]:
    """Each as the network it stands for: 10.0.0.7 becomes 10.0.0.7/32. Raises BadInput."""
    given = [address.strip() for address in addresses if address.strip()]
    if len(given) > MOST:
        raise BadInput(f"at most {MOST} addresses", field="addresses")
    return list(dict.fromkeys(_network(address) for address in given))


def address_allowed(address: str, networks: Iterable[str]) -> bool:
    """Whether one of the networks holds the address; where none is named, all may come."""
    networks = list(networks)
    if not networks:
        return True
    try:
        caller = ip_address(address)
    except ValueError:
        return False  # a unix socket or no address at all is in no network
    if isinstance(caller, IPv6Address) and caller.ipv4_mapped:
        caller = caller.ipv4_mapped
    return any(caller in ip_network(network) for network in networks)


def _network(address: str) -> str:
    try:
        return str(ip_network(address))
    except ValueError:
        raise BadInput(
            f"{address[:60]} is not an address; write one such as 203.0.113.7 or a network such as 203.0.113.0/24",
            field="addresses",
        ) from None
