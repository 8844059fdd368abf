"""docs/protocol.md says what the code does: every message, field, type, default, byte and space."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import msgspec
import numpy as np
import pytest

from mosaic_nb import errors
from mosaic_nb.protocol import (
    HEADER_LIMIT,
    PAYLOAD_LIMIT,
    Decoder,
    Encoder,
    Reply,
    Request,
    errors as wire_errors,
    messages,
)
from mosaic_nb.protocol.messages import Act, Answer, Data, Decision, Message, Observation
from mosaic_nb.protocol.spaces import from_data, to_data

STRUCTS = [*get_args(Request), *get_args(Reply), *Data.__subclasses__()]


@pytest.fixture(scope="module")
def page(checkout) -> str:
    return (checkout / "docs" / "protocol.md").read_text(encoding="utf-8")


def _title(struct: type[msgspec.Struct]) -> str:
    return struct.__struct_config__.tag or struct.__name__  # type: ignore[return-value]


def _type(annotation: Any) -> str:
    """Write a type as the page does."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_type, arguments))
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is tuple:
        return "pair of " + " and ".join(map(_type, arguments))
    if origin is dict:
        return "map" if arguments[1] is Any else f"map of {_type(arguments[1])}"
    names = {Any: "any", int: "integer", str: "text", bytes: "bytes", bool: "bool", float: "float"}
    return names.get(annotation) or ("nil" if annotation is type(None) else f"`{annotation.__name__}`")


def _default(field: Any) -> str:
    if field.required:
        return "required"
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return "nil" if default is None else f"`{json.dumps(default.decode() if default == b'' else default)}`"


def _rows(struct: type[msgspec.Struct], shared: type[msgspec.Struct] | None) -> list[tuple[str, str, str]]:
    known = set() if shared is None else {field.name for field in msgspec.structs.fields(shared)}
    return [
        (f"`{field.name}`", _type(field.type), _default(field))
        for field in msgspec.structs.fields(struct)
        if field.name not in known
    ]


def _section(page: str, title: str) -> str:
    match = re.search(rf"^### `{title}`$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert match, f"docs/protocol.md has no section `{title}`"
    return match[1]


def _table(text: str) -> list[tuple[str, ...]]:
    lines = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("| `")]
    assert all(cells[4].strip() for cells in lines), "a field without a meaning"
    return [tuple(cell.strip() for cell in cells[1:4]) for cells in lines]


@pytest.mark.parametrize("struct", STRUCTS, ids=_title)
def test_every_field_of_every_message_is_in_its_table(page: str, struct: type[msgspec.Struct]) -> None:
    shared = Answer if issubclass(struct, Answer) else Message if issubclass(struct, Message) else None
    assert _table(_section(page, _title(struct))) == _rows(struct, shared)


def test_no_section_describes_a_message_that_is_none(page: str) -> None:
    assert set(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) == set(map(_title, STRUCTS))


def test_the_fields_that_all_share_are_in_their_tables(page: str) -> None:
    requests, replies = (
        page.split("## 7. Requests")[1].split("### `hello`", maxsplit=1)[0],
        page.split("## 8. Replies")[1],
    )
    assert _table(requests)[1:] == _rows(Message, None)
    assert _table(replies.split("### `welcome`")[0]) == _rows(Answer, Message)


def test_every_request_names_its_answer(page: str) -> None:
    replies = {_title(struct) for struct in get_args(Reply)}
    for struct in get_args(Request):
        answers = re.findall(r"[Aa]nswer:? \[`(\w+)`\]", _section(page, _title(struct)))
        assert answers
        assert set(answers) <= replies


def _examples(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_example_is_what_goes_over_the_wire(page: str) -> None:
    observation = Observation(np.array([1, 2, 3], np.uint8), step=2)
    act = Act(id=5, lane="A", agent="agent", step=2, observation=observation, seed=2**40 + 9)
    decision = Decision(id=5, lane="A", agent="agent", step=2, action=1)
    request, reply = (bytes.fromhex(re.sub(r"#.*", "", example)) for example in _examples(page, "hex"))
    assert Encoder().encode(act) == request
    assert Encoder().encode(decision) == reply
    (received,) = Decoder[Any](Request).feed(request)
    assert received.observation.value.tolist() == [1, 2, 3]
    assert (received.id, received.lane, received.agent, received.step, received.seed) == (
        5,
        "A",
        "agent",
        2,
        act.seed,
    )
    assert list(Decoder[Any](Reply).feed(reply)) == [decision]


def test_the_example_spaces_are_spaces_and_all_are_shown(page: str) -> None:
    examples = [json.loads(example) for example in _examples(page, "json")]
    for data in examples:
        assert to_data(from_data(data)) == data
    chapter = page.split("## 10.")[1].split("## 11.", maxsplit=1)[0]
    known = set(re.findall(r"^\| `([A-Z]\w+)` \|", chapter, re.MULTILINE))
    assert set(_types_in(examples)) == known
    assert known == set(re.findall(r"known are ([\w, ]+)", _unknown_space())[0].split(", "))


def _types_in(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if "type" in data:
            yield data["type"]
        data = list(data.values())
    if isinstance(data, list):
        for part in data:
            yield from _types_in(part)


def _unknown_space() -> str:
    with pytest.raises(wire_errors.UnsupportedSpace) as error:
        from_data({"type": "Ball"})
    return str(error.value)


def test_every_error_of_the_wire_and_the_limits_are_named(page: str) -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", page.split("## 11.")[1]))
    for error in wire_errors.ProtocolError.__subclasses__():
        assert error.__name__ in named
    assert {errors.WorkerDied.__name__, errors.DeadlineExceeded.__name__} <= named
    assert f"{HEADER_LIMIT:,}" in page
    assert f"{PAYLOAD_LIMIT:,}" in page


def test_every_version_is_described(page: str) -> None:
    assert page.startswith(f"# The worker protocol, version {messages.VERSIONS[-1]}\n")


def test_links_inside_the_page_lead_somewhere(page: str) -> None:
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors
