"""One class over httpx. Whatever goes wrong on the way may be tried again: an order's key keeps it one order."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self

import httpx

from velox_client.things import Account, Candles, Fill, Instrument, Order, Position, Run, Thing


class Problem(Exception):
    """What the API said no with. `code` is stable; `errors`: field and reason; `facts`: the numbers behind it."""

    def __init__(self, told: dict[str, Any], retry_after_s: int | None) -> None:
        super().__init__(f"{told['title']}: {told['detail']}")
        self.code: str = told["code"]
        self.status: int = told["status"]
        self.errors: list[dict[str, str]] = told.get("errors", [])
        self.facts: dict[str, Any] = told.get("facts", {})
        self.request_id: str = told["request_id"]
        self.retry_after_s = retry_after_s


class Velox:
    """`with Velox(url, key=…) as velox:` or `Velox(url).log_in(name, password)`. `http`: another httpx client."""

    def __init__(self, url: str, *, key: str | None = None, http: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v1"
        self._http = http or httpx.Client(timeout=10)
        self._headers = {"X-API-Key": key} if key else {}
        self._refresh: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def log_in(self, username: str, password: str) -> Self:
        self._keep(self._ask("POST", "/auth/tokens", {"username": username, "password": password}))
        return self

    def accounts(self) -> Iterator[Account]:
        return self._walk(Account, "/accounts")

    def instruments(self, search: str | None = None) -> Iterator[Instrument]:
        return self._walk(Instrument, "/instruments", search=search)

    def candles(self, instrument: int, timeframe: str = "5m", *indicators: str, limit: int = 500) -> Candles:
        query = {"timeframe": timeframe, "indicator": list(indicators), "limit": limit}
        return Candles.of(self._ask("GET", f"/instruments/{instrument}/candles", query=query))

    def order_place(
        self, account: int, instrument: int, side: str, qty: Decimal | int | str, *, key: str | None = None, **more: Any
    ) -> Order:
        """Place an order. `key`: keep it and use it again where no answer came; it stays one order.

        `more`: order_type, limit_price, trigger_price, validity, exit. Raises Problem, `risk_refused` among them.
        """
        body = {"account": account, "instrument": instrument, "side": side, "qty": str(qty)}
        body |= {name: str(value) if isinstance(value, Decimal) else value for name, value in more.items()}
        return Order.of(self._ask("POST", "/orders", body, headers={"Idempotency-Key": key or uuid.uuid4().hex}))

    def order_cancel(self, order_id: int) -> Order:
        return Order.of(self._ask("POST", f"/orders/{order_id}/cancel"))

    def orders(self, **filters: Any) -> Iterator[Order]:
        return self._walk(Order, "/orders", **filters)

    def fills(self, **filters: Any) -> Iterator[Fill]:
        return self._walk(Fill, "/fills", **filters)

    def positions(self, **filters: Any) -> Iterator[Position]:
        return self._walk(Position, "/positions", **filters)

    def runs(self, **filters: Any) -> Iterator[Run]:
        return self._walk(Run, "/runs", **filters)

    def kill(self, account: int, reason: str = "") -> None:
        """Halt one account, cancel its orders, close its positions."""
        self._ask("POST", "/kill-switches/pull", {"scope": "account", "scope_id": account, "reason": reason})

    def _walk[T: Thing](self, kind: type[T], path: str, **filters: Any) -> Iterator[T]:
        query = {name: value for name, value in filters.items() if value is not None}
        while True:
            page = self._ask("GET", path, query=query)
            yield from map(kind.of, page["results"])
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def _ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        answer = self._send(method, path, body, query, headers or {})
        if answer.status_code == 401 and self._refresh is not None:
            refresh, self._refresh = self._refresh, None
            self._keep(self._ask("POST", "/auth/tokens/refresh", {"refresh": refresh}))
            answer = self._send(method, path, body, query, headers or {})
        if answer.is_success:
            return answer.json() if answer.content else None
        wait = answer.headers.get("Retry-After")
        raise Problem(answer.json(), int(wait) if wait else None)

    def _send(
        self, method: str, path: str, body: Any, query: dict[str, Any] | None, headers: dict[str, str]
    ) -> httpx.Response:
        headers = self._headers | headers
        return self._http.request(method, self._url + path, json=body, params=query or {}, headers=headers)

    def _keep(self, pair: dict[str, str]) -> None:
        self._headers = {"Authorization": f"Bearer {pair['access']}"}
        self._refresh = pair["refresh"]
