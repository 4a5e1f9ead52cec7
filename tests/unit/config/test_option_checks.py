"""The rows of keys: what each action needs, what contradicts it, and where a route may lead."""

import re
from pathlib import Path

import pytest

from edge.config.option_checks import OWN_CONTEXTS
from tests.unit.config.files import NODE, WORLD, load, mistakes

ROOT = Path(__file__).parents[3]
HOOK = "webhook_url: https://example.com/h"
SALES = """\
      - {id: qu_sales, name: Sales, extension: "501", members: []}
    phone_numbers:
"""
SECRETS = '    secrets: {"kv:hook:bearer": "a-bearer-token"}\n    users:\n'


def world_with(*rows: str, more: str = "") -> str:
    """Support's keys on lines 14 and following; a second queue Sales."""
    options = "        options:\n" + "".join(f"          - {{{row}}}\n" for row in rows)
    return (
        WORLD.replace("    phone_numbers:\n", options + more + SALES)
        .replace("    users:\n", SECRETS)
        .replace("'", '"')
    )


def said_of(folder: Path, *rows: str, more: str = "", site: str | None = None) -> list[str]:
    found = mistakes(folder, world_with(*rows, more=more), site=site)
    return [one.replace("w0.yaml: accounts[0].queues[0].", "") for one in found]


@pytest.mark.parametrize(
    "row",
    [
        "digit: '1', action: route, dest_kind: queue, dest_id: qu_sales",
        "digit: '1', action: route, dest_kind: user, dest_id: user_bob, stay_in_queue: 0",
        "digit: '1', action: route, dest_kind: extension, dest_id: '202'",
        "digit: '1', action: route, dest_kind: extension, dest_id: '501'",
        "digit: '1', action: route, dest_kind: external, dest_id: '+12025550177'",
        "digit: '1', action: route, dest_kind: dialplan, dest_id: 'after-hours,s,1'",
        f"digit: '*', action: webhook, {HOOK}, webhook_secret_ref: 'kv:hook:bearer'",
        f"digit: '#', action: webhook, {HOOK}, stay_in_queue: 1",
        f"digit: '0', action: deflect, {HOOK}, stay_in_queue: true",
        "digit: '9', action: hangup, stay_in_queue: false, prompt_media_id: goodbye",
        "digit: '9', action: callback, label: Call me",
        "digit: '9', action: callback, stay_in_queue: 0",
    ],
)
def test_a_row_that_is_right(tmp_path: Path, row: str) -> None:
    _, world = load(tmp_path, world_with(row))
    assert len(world.accounts[0].queues[0].options) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "digit: '1', action: route, dest_id: qu_sales",
            "options[0].dest_kind: is missing: route needs to know where to (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: queue",
            "options[0].dest_id: is missing: route needs to know where to (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: queue, dest_id: qu_support",
            "options[0].dest_id: leads back into this queue: the caller would only lose the place"
            " (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: extension, dest_id: '500'",
            "options[0].dest_id: leads back into this queue: the caller would only lose the place"
            " (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: queue, dest_id: qu_other",
            'options[0].dest_id: there is no queue "qu_other" in this account (line 15)',
        ),
        (
            "digit: '1', action: route, dest_kind: user, dest_id: user_carol",
            'options[0].dest_id: there is no user "user_carol" in this account (line 15)',
        ),
        (
            "digit: '1', action: route, dest_kind: extension, dest_id: '299'",
            'options[0].dest_id: there is no extension "299" in this account (line 15)',
        ),
        (
            "digit: '1', action: route, dest_kind: external, dest_id: 'sip:a@b'",
            "options[0].dest_id: must be 3 to 32 digits, with or without a + (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: external, dest_id: 12025550177",
            'options[0].dest_id: write it in quotes, as text: "12025550177" (line 15)',
        ),
        (
            "digit: '1', action: route, dest_kind: dialplan, dest_id: 'after-hours,s'",
            "options[0].dest_id: must be context,extension,priority like after-hours,s,1 (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: ring_group, dest_id: rg_1",
            "options[0].dest_kind: ring_group does not exist yet: a key can not lead there"
            " (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: voicemail, dest_id: '201'",
            "options[0].dest_kind: voicemail does not exist yet: a key can not lead there"
            " (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: flow, dest_id: flow_1",
            "options[0].dest_kind: flow does not exist yet: a key can not lead there (line 15)",
        ),
        (
            "digit: '1', action: route, dest_kind: queue, dest_id: qu_sales, stay_in_queue: 1",
            "options[0].stay_in_queue: route always leaves the queue: 0, or leave it out (line 15)",
        ),
        (
            f"digit: '1', action: webhook, {HOOK}, stay_in_queue: 2",
            "options[0].stay_in_queue: must be 0 or 1, false or true (line 15)",
        ),
        (
            "digit: '1', action: hangup, stay_in_queue: true",
            "options[0].stay_in_queue: hangup always leaves the queue: 0, or leave it out"
            " (line 15)",
        ),
        (
            f"digit: '1', action: deflect, {HOOK}, stay_in_queue: 0",
            "options[0].stay_in_queue: deflect always stays in the queue: 1, or leave it out "
            "(webhook with 0 leaves) (line 15)",
        ),
        (
            "digit: '1', action: hangup, dest_id: qu_sales",
            "options[0].dest_id: belongs to action route, not to hangup (line 15)",
        ),
        (
            f"digit: '1', action: callback, {HOOK}",
            "options[0].webhook_url: belongs to webhook and deflect, not to callback (line 15)",
        ),
        (
            "digit: '1', action: webhook",
            "options[0].webhook_url: is missing: webhook needs to know where to post (line 15)",
        ),
        (
            f"digit: '1', action: webhook, {HOOK}, webhook_secret_ref: 'kv:other'",
            'options[0].webhook_secret_ref: there is no secret "kv:other" in this account'
            " (line 15)",
        ),
        (
            "digit: 1, action: hangup",
            'options[0].digit: write it in quotes, as text: "1" (line 15)',
        ),
        (
            "digit: '11', action: hangup",
            'options[0].digit: must be one of "0" to "9", "*" and "#", in quotes (line 15)',
        ),
        (
            "digit: , action: hangup",
            'options[0].digit: must be one of "0" to "9", "*" and "#", in quotes (line 15)',
        ),
        (
            "digit: '1', action: [route]",
            "options[0].action: must be 'route', 'webhook', 'deflect', 'callback' or 'hangup'"
            " (line 15)",
        ),
        (
            "digit: '1', action: {route: qu_sales}",
            "options[0].action: must be 'route', 'webhook', 'deflect', 'callback' or 'hangup'"
            " (line 15)",
        ),
        *(
            (
                f"digit: '1', action: webhook, webhook_url: 'https://{host}/h'",
                "options[0].webhook_url: must name a host, or an IPv6 address in brackets, and a "
                "port up to 65535 (line 15)",
            )
            for host in ("[2001:db8::1", "[nobody]", "example.com:0", "example.com:99999", ":80")
        ),
        *(
            (
                f'digit: "1", action: webhook, webhook_url: "https://{address}"',
                "options[0].webhook_url: must be an address like"
                " https://example.com/hooks/callback (line 15)",
            )
            for address in (
                "example.com/\\0",
                "example.com/\\x1b[2J",
                "example.com\\\\@example.org/",
            )
        ),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_place(tmp_path: Path, row: str, said: str) -> None:
    assert said_of(tmp_path, row) == [said]


@pytest.mark.parametrize("context", OWN_CONTEXTS)
def test_a_key_does_not_lead_into_what_is_ours(tmp_path: Path, context: str) -> None:
    """There a caller would count as a phone of ours, or be in the hands of nobody."""
    row = f"digit: '1', action: route, dest_kind: dialplan, dest_id: '{context},500,1'"
    (said,) = said_of(tmp_path, row)
    assert said.startswith(f"options[0].dest_id: no key leads into {context}: it is ")
    assert said_of(tmp_path, row.replace(context, f"{context}-of-mine")) == []


def test_every_context_of_our_dialplan_is_known() -> None:
    text = (ROOT / "asterisk-conf" / "extensions.conf").read_text()
    sections = re.findall(r"^\[([^]]+)\]", text, re.MULTILINE)
    assert set(sections) - {"general", "globals"} == set(OWN_CONTEXTS)


def test_a_star_without_quotes_is_told_with_its_line(tmp_path: Path) -> None:
    (found,) = said_of(tmp_path, "digit: *, action: hangup")
    assert found.endswith('; write a star in quotes, as text: "*" (line 15)')


def test_a_key_has_one_row(tmp_path: Path) -> None:
    rows = ["digit: '1', action: hangup", "digit: '2', action: hangup"]
    assert said_of(tmp_path, *rows, "digit: '1', action: callback") == [
        'options[2].digit: "1" is taken already by accounts[0].queues[0].options[0] (line 17)'
    ]


def test_no_key_before_the_answer(tmp_path: Path) -> None:
    found = said_of(tmp_path, "digit: '1', action: hangup", more="        answer_on: agent\n")
    assert found == [
        "options: with answer_on: agent the caller's keys are not heard while waiting: no options"
        " (line 15)"
    ]


def test_nowhere_to_call_without_a_trunk(tmp_path: Path) -> None:
    site = f"{NODE}trunks: []\nworlds: [w0.yaml]\n"
    row = "digit: '1', action: route, dest_kind: external, dest_id: '12025550177'"
    assert said_of(tmp_path, row, site=site) == [
        "options[0].dest_id: the site has no trunk for a call to the outside (line 15)"
    ]


def test_all_mistakes_of_all_rows_are_told_at_once(tmp_path: Path) -> None:
    found = said_of(
        tmp_path,
        "digit: '1', action: route",
        "digit: '1', action: webhook, dest_kind: queue, webhook_secret_ref: none-such",
        "digit: x, action: fly",
    )
    assert [one.split(": ")[0] for one in found] == [
        "options[0].dest_kind",
        "options[0].dest_id",
        "options[1].digit",
        "options[1].dest_kind",
        "options[1].webhook_url",
        "options[1].webhook_secret_ref",
        "options[2].digit",
        "options[2].action",
    ]
