"""Names taken twice, and pointers that lead nowhere."""

from pathlib import Path

import pytest

from tests.unit.config.files import NODE, WORLD, load, mistakes

USER = '{id: user_bob, name: Bob, extension: "202", sip: "202"}'
SECOND = """\
accounts:
  - id: acct_b
    name: B
    users:
      - {id: user_carol, name: Carol, extension: "201", sip: "203"}
    queues:
      - {id: qu_sales, name: Sales, extension: "500", members: []}
    phone_numbers:
      - {number: "12025550101", queue_id: qu_sales}
"""


def test_two_accounts_may_use_the_same_extensions(tmp_path: Path) -> None:
    _, world = load(tmp_path, WORLD, SECOND)
    assert len(world.accounts) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            USER,
            USER.replace("user_bob", "user_alice"),
            'accounts[0].users[1].id: "user_alice" is taken already by accounts[0].users[0].id'
            " (line 6)",
        ),
        (
            USER,
            USER.replace('sip: "202"', 'sip: "201"'),
            'accounts[0].users[1].sip: "201" is taken already by accounts[0].users[0].sip (line 6)',
        ),
        (
            USER,
            USER.replace('extension: "202"', 'extension: "201"'),
            'accounts[0].users[1].extension: "201" is taken already by '
            "accounts[0].users[0].extension (line 6)",
        ),
        (
            'extension: "500"',
            'extension: "202"',
            'accounts[0].queues[0].extension: "202" is taken already by '
            "accounts[0].users[1].extension (line 10)",
        ),
        (
            "user_id: user_alice",
            "user_id: user_nobody",
            'accounts[0].queues[0].members[0].user_id: there is no user "user_nobody" in this '
            "account (line 12)",
        ),
        (
            "{id: qum_alice, user_id: user_alice}",
            "{id: qum_alice, user_id: user_alice}\n          - {id: qum_b, user_id: user_alice}",
            'accounts[0].queues[0].members[1].user_id: "user_alice" is taken already by '
            "accounts[0].queues[0].members[0].user_id (line 13)",
        ),
        (
            "{id: qum_alice, user_id: user_alice}",
            "{id: qum_alice, user_id: user_alice}\n          - {id: qum_alice, user_id: user_bob}",
            'accounts[0].queues[0].members[1].id: "qum_alice" is taken already by '
            "accounts[0].queues[0].members[0].id (line 13)",
        ),
        (
            "queue_id: qu_support",
            "queue_id: qu_sales",
            'accounts[0].phone_numbers[0].queue_id: there is no queue "qu_sales" in this account'
            " (line 14)",
        ),
        (
            '      - {number: "12025550100"',
            '      - {number: "+12025550100", queue_id: qu_support}\n'
            '      - {number: "12025550100"',
            'accounts[0].phone_numbers[1].number: "12025550100" is taken already by '
            "accounts[0].phone_numbers[0].number (line 15)",
        ),
        (
            "name: Support",
            "name: Support\n        strategy: cleverest",
            'accounts[0].queues[0].strategy: there is no strategy "cleverest"; there is ',
        ),
        (
            "id: acct_a",
            "id: demo",
            "accounts[0].id: must be acct_ and then 1 to 64 letters or digits (line 2)",
        ),
        (
            "    name: A\n",
            "    name: A\n    api_key_sha256: [sk_demo]\n",
            "accounts[0].api_key_sha256[0]: must be a SHA-256: 64 hexadecimal digits in lower "
            "case (line 4)",
        ),
        (
            'extension: "500"',
            'extension: "12"',
            "accounts[0].queues[0].extension: must be 3 to 64 digits (line 10)",
        ),
        (
            'extension: "500"',
            'extension: "500\\n"',
            "accounts[0].queues[0].extension: must be 3 to 64 digits (line 10)",
        ),
        (
            'sip: "202"',
            'sip: "2/02"',
            "accounts[0].users[1].sip: must be 1 to 64 letters, digits, dots, dashes or ",
        ),
    ],
)
def test_one_mistake_is_said_once(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert WORLD.count(old) == 1
    (found,) = mistakes(tmp_path, WORLD.replace(old, new))
    assert found.startswith(f"w0.yaml: {said}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "acct_b",
            "acct_a",
            'accounts[0].id: "acct_a" is taken already by w0.yaml: accounts[0].id',
        ),
        ("qu_sales", "qu_support", 'accounts[0].queues[0].id: "qu_support" is taken already by '),
        ("user_carol", "user_bob", 'accounts[0].users[0].id: "user_bob" is taken already by '),
        ('"203"', '"202"', 'accounts[0].users[0].sip: "202" is taken already by w0.yaml: '),
        (
            '"12025550101"',
            '"+12025550100"',
            'accounts[0].phone_numbers[0].number: "12025550100" is taken already by w0.yaml: '
            "accounts[0].phone_numbers[0].number (line 9)",
        ),
    ],
)
def test_what_is_unique_on_the_site_is_so_over_its_files(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    (found,) = mistakes(tmp_path, WORLD, SECOND.replace(old, new))
    assert found.startswith(f"w1.yaml: {said}")


def test_pointers_do_not_reach_into_another_account(tmp_path: Path) -> None:
    second = SECOND.replace("members: []", "members: [{id: qum_x, user_id: user_alice}]")
    (found,) = mistakes(tmp_path, WORLD, second)
    assert 'there is no user "user_alice" in this account' in found


def test_wrong_types_anywhere_hide_nothing_elsewhere(tmp_path: Path) -> None:
    world = """\
accounts:
  - nonsense
  - id: acct_a
    name: A
    users: 5
    queues:
      - {id: qu_a, name: A, extension: "500", members: [x, {id: qum_a, user_id: user_a}]}
      - {id: qu_a, name: [], extension: "500", members: {}}
    phone_numbers: [{number: {}, queue_id: qu_b}]
"""
    found = mistakes(tmp_path, world)
    assert [error.split(": ")[1] for error in found] == [
        "accounts[0]",
        "accounts[1].users",
        "accounts[1].queues[0].members[0]",
        "accounts[1].queues[0].members[1].user_id",
        "accounts[1].queues[1].name",
        "accounts[1].queues[1].members",
        "accounts[1].queues[1].id",
        "accounts[1].queues[1].extension",
        "accounts[1].phone_numbers[0].number",
        "accounts[1].phone_numbers[0].queue_id",
    ]


def test_a_phone_cannot_have_the_name_of_a_trunk(tmp_path: Path) -> None:
    world = WORLD.replace('sip: "202"', 'sip: "carrier"')
    (found,) = mistakes(tmp_path, world)
    assert found.startswith(
        'w0.yaml: accounts[0].users[1].sip: "carrier" is taken already by edge.yaml: trunks'
    )
    other = f"{NODE}trunks: [itsp, itsp]\nworlds: [w0.yaml]\n"
    (found,) = mistakes(tmp_path, world, site=other)
    assert found == 'edge.yaml: trunks[1]: "itsp" is taken already by trunks[0] (line 2)'
