"""docs/asyncapi.yaml has the published form, and a real server says what it says, message by message."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from apps.dashboard.consumers import NOT_SIGNED_IN, TOO_MANY
from apps.dashboard.live.limits import MAX_CHANNEL_TEXT, MAX_CHANNELS
from apps.dashboard.live.protocol import NEEDS
from apps.dashboard.live.session import TOO_MANY_ERRORS
from apps.dashboard.live.socket import TOO_SLOW
from tests.integration.api.market import open_market
from tests.integration.live.house import open_house
from tests.integration.live.recording import Message, record
from tests.unit.pages import ROOT
from velox.routing import PROGRAMS_PATH

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text())
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
PUBLISHED = ROOT / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
EXAMPLES = [(name, each["payload"]) for name, told in MESSAGES.items() for each in told["examples"]]


def validator(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({**MESSAGES[name]["payload"], "components": DOCUMENT["components"]})


VALIDATORS = {name: validator(name) for name in MESSAGES}


def names_of(message: Message) -> list[str]:
    """The messages of the document that this one is."""
    return [name for name, schema in VALIDATORS.items() if schema.is_valid(message)]


def of_operation(name: str) -> set[str]:
    return {each["$ref"].rpartition("/")[2] for each in DOCUMENT["operations"][name]["messages"]}


def test_it_has_the_form_that_is_published_for_asyncapi_3() -> None:
    if not PUBLISHED.exists():
        pytest.skip("the published schema is not here: make env-dev fetches it")
    schema = jsonschema.Draft7Validator(json.loads(PUBLISHED.read_text()))
    schema.validate(DOCUMENT)
    assert not schema.is_valid({**DOCUMENT, "channels": {"socket": {"adress": "/"}}})


def test_every_message_is_part_of_the_channel_and_of_one_operation() -> None:
    said, told = of_operation("hear"), of_operation("tell")
    assert said | told == set(MESSAGES) == set(DOCUMENT["channels"]["socket"]["messages"])
    assert not said & told


def test_it_names_the_path_the_limits_and_the_codes_of_the_code() -> None:
    assert DOCUMENT["channels"]["socket"]["address"] == PROGRAMS_PATH
    shapes = DOCUMENT["components"]["schemas"]
    assert (shapes["channels"]["maxItems"], shapes["channel"]["maxLength"]) == (MAX_CHANNELS, MAX_CHANNEL_TEXT)
    words = (DOCUMENT["info"]["description"], (ROOT / "docs/live-protocol.md").read_text())
    for code in (NOT_SIGNED_IN, TOO_MANY, TOO_MANY_ERRORS, TOO_SLOW):
        assert all(str(code) in text for text in words)
    assert all(f"`{kind}" in words[1] and scope in words[1] for kind, scopes in NEEDS.items() for scope in scopes)


@pytest.mark.parametrize(("name", "payload"), EXAMPLES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(EXAMPLES)])
def test_every_example_is_that_message_and_no_other(name: str, payload: Message) -> None:
    VALIDATORS[name].validate(payload)
    assert names_of(payload) == [name]


@pytest.mark.django_db(transaction=True)
def test_a_real_server_says_every_message_as_it_is_written_and_none_that_is_not() -> None:
    with open_market() as market, open_house() as house:
        conversation = record(house, market)
    heard: dict[str, Message] = {}
    for message in [*conversation.said, *conversation.heard]:
        names = names_of(message)
        assert len(names) == 1, f"{names or 'no message of the document'}: {json.dumps(message)}"
        heard.setdefault(names[0], message)
    assert set(MESSAGES) - set(heard) == set()
    assert {name: set(heard[name]) for name in heard if name != "error"} == {
        name: fields_of(name) for name in heard if name != "error"
    }
    _numbers_have_no_gaps(conversation.heard)


def fields_of(name: str) -> set[str]:
    """Those an example shows: a field that is always said is never left out of the example."""
    return set(MESSAGES[name]["examples"][0]["payload"])


def _numbers_have_no_gaps(heard: list[Message]) -> None:
    last: dict[str, int] = {}
    for message in heard:
        if "seq" not in message or message["t"] == "error":
            continue
        name, seq = message["ch"], message["seq"]
        if message["t"] in {"chart", "candles"}:
            assert seq - last[name] == any(row[6] for row in message["d"])
        elif message["t"] != "snapshot" and seq > last[name]:  # else told again, as was asked for
            assert seq == last[name] + 1
        last[name] = max(seq, last.get(name, 0))
