"""edge.yaml and its worlds together."""

from pathlib import Path

import pytest

from edge.config import ConfigErrors, load_site
from tests.unit.config.files import NODE, WORLD, load, mistakes

ROOT = Path(__file__).parents[3]


def test_the_demo_world_is_what_the_readme_says() -> None:
    site, world = load_site(ROOT / "edge.yaml", {"ARI_PASSWORD": "secret"})
    (node,) = site.nodes
    assert (node.url, node.password) == ("http://127.0.0.1:8088", "secret")
    assert (site.http.host, site.http.port) == ("127.0.0.1", 8080)
    (account,) = world.accounts
    assert account.id == "acct_demo"
    queues = [(queue.id, queue.name, queue.extension) for queue in account.queues]
    assert queues == [("qu_support", "Support", "500"), ("qu_sales", "Sales", "501")]
    assert [option.digit for option in account.queues[1].options] == ["1", "2", "9"]
    phones = {user.id.removeprefix("user_"): user.sip for user in account.users}
    assert [phones[name] for name in ("alice", "bob", "carol")] == ["201", "202", "203"]
    assert {phones[f"caller{number}"] for number in range(301, 310)} == {
        str(number) for number in range(301, 310)
    }
    (number,) = account.phone_numbers
    assert (number.number, number.queue_id) == ("12025550100", "qu_support")


def test_worlds_are_found_beside_the_file_that_names_them(tmp_path: Path) -> None:
    _, world = load(tmp_path)
    (account,) = world.accounts
    assert account.queues[0].members[0].user_id == "user_alice"


def test_several_worlds_are_one(tmp_path: Path) -> None:
    other = WORLD.replace("acct_a", "acct_b")
    for old, new in (
        ("user_alice", "user_carol"),
        ("user_bob", "user_dave"),
        ("qum_", "qum_b"),
        ("qu_s", "qu_t"),
        ('sip: "', 'sip: "b'),
    ):
        other = other.replace(old, new)
    other = other.replace("12025550100", "12025550101")
    _, world = load(tmp_path, WORLD, other)
    assert [account.id for account in world.accounts] == ["acct_a", "acct_b"]


def test_variables_fill_text_and_numbers(tmp_path: Path) -> None:
    site = (
        'nodes: [{id: pbx-1, url: "http://${HOST:-127.0.0.1}:8088", user: edge,'
        " password: '${PASSWORD}'}]\n"
        "redis: {url: '${REDIS_URL:-redis://127.0.0.1:6380/0}'}\n"
        "http: {port: '${HTTP_PORT:-8080}'}\n"
        "logging: {mask_personal_data: '${MASK:-true}'}\n"
        "worlds: [w0.yaml]\n"
    )
    # a password that looks like a number, or holds what YAML would read, stays what it is
    variables = {"PASSWORD": "0123", "HTTP_PORT": "9090", "REDIS_URL": "", "MASK": "false"}
    filled, _ = load(tmp_path, site=site, variables=variables)
    assert filled.nodes[0].password == "0123"
    assert filled.nodes[0].url == "http://127.0.0.1:8088"
    assert filled.http.port == 9090
    assert filled.redis.url == "redis://127.0.0.1:6380/0"
    assert filled.logging.mask_personal_data is False


def test_unquoted_variables_work_alike(tmp_path: Path) -> None:
    site = (
        "nodes:\n  - id: pbx-1\n    url: http://x\n    user: edge\n    password: ${PASSWORD}\n"
        "http:\n  port: ${PORT:-8081}\nworlds: [w0.yaml]\n"
    )
    filled, _ = load(tmp_path, site=site, variables={"PASSWORD": "true: #[]{}"})
    assert filled.nodes[0].password == "true: #[]{}"
    assert filled.http.port == 8081


def test_a_variable_that_is_not_set_is_named_with_its_place(tmp_path: Path) -> None:
    site = NODE.replace("secret", '"${NOPE}${NEITHER}"') + "worlds: [w0.yaml]\n"
    assert mistakes(tmp_path, site=site) == [
        "edge.yaml: nodes[0].password: environment variable NOPE and NEITHER is not set, "
        "and there is no default (line 1)"
    ]


def test_worlds_are_not_filled_with_variables(tmp_path: Path) -> None:
    _, world = load(tmp_path, WORLD.replace("name: Support", 'name: "${HOME}"'))
    assert world.accounts[0].queues[0].name == "${HOME}"


def test_secrets_are_not_in_the_representation(tmp_path: Path) -> None:
    site, _ = load(tmp_path)
    assert "secret" not in repr(site)


def test_a_password_stands_in_its_own_field_and_is_not_repeated(tmp_path: Path) -> None:
    site = NODE.replace("secret", "84639201") + "worlds: [w0.yaml]\n"
    assert mistakes(tmp_path, site=site)[0] == (
        "edge.yaml: nodes[0].password: write it in quotes, as text (line 1)"
    )
    site = NODE.replace("//127", "//edge:84639201@127") + "worlds: [w0.yaml]\n"
    assert mistakes(tmp_path, site=site)[0] == (
        "edge.yaml: nodes[0].url: must be an address like http://127.0.0.1:8088 (line 1)"
    )


def test_mistakes_of_the_site_and_of_all_worlds_come_at_once_in_order(tmp_path: Path) -> None:
    site = (
        "nodes:\n"
        '  - {id: pbx-1, url: "http://a", user: edge, password: x}\n'
        "  - {id: pbx-1, url: a, user: edge}\n"
        "http: {port: 70000}\n"
        "logging: {format: xml}\n"
        "worlds: [w1.yaml, missing.yaml, w0.yaml, w0.yaml]\n"
        "colour: blue\n"
    )
    assert mistakes(tmp_path, WORLD.replace('"201", sip', "201, sip"), "x: 1\n", site=site) == [
        "edge.yaml: nodes[1].url: must be an address like http://127.0.0.1:8088 (line 3)",
        "edge.yaml: nodes[1].password: is missing (line 3)",
        'edge.yaml: nodes[1].id: "pbx-1" is taken already by nodes[0].id (line 3)',
        "edge.yaml: http.port: must be at most 65535 (line 4)",
        "edge.yaml: logging.format: must be 'json' or 'text' (line 5)",
        'edge.yaml: worlds[3]: "w0.yaml" is taken already by worlds[2] (line 6)',
        "edge.yaml: colour: is not a setting here (line 7)",
        "w1.yaml: x: is not a setting here (line 1)",
        "missing.yaml: cannot be read: No such file or directory",
        'w0.yaml: accounts[0].users[0].extension: write it in quotes, as text: "201" (line 5)',
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# nothing but a word\n", "is empty"),
        (b"- a\n", "must be a mapping (key: value) (line 1)"),
        (b"text", "must be a mapping (key: value) (line 1)"),
        (b"a: [1\nb: 2\n", "is not YAML: expected ',' or ']', but got ':' (line 2)"),
        (
            b"a: 1\n\tb: 2\n",
            "is not YAML: found character '\\t' that cannot start any token (line 2)",
        ),
        (b"a: b: c\n", "is not YAML: mapping values are not allowed here (line 1)"),
        (b"a: \xff\n", "is not UTF-8 text (byte 3)"),
        (
            b"a: \x00\n",
            "is not YAML: unacceptable character #x0000: special characters are not allowed",
        ),
        (b"a: 1\n---\nb: 2\n", "is not YAML: but found another document (line 2)"),
        (
            b"a: !secret x\n",
            "is not YAML: could not determine a constructor for the tag '!secret' (line 1)",
        ),
        (b"a: *nobody\n", "is not YAML: found undefined alias 'nobody' (line 1)"),
        (b"a: &a [*a]\n", "nests without end: an alias refers to what it stands in"),
        (b"a: " + b"[" * 600 + b"]" * 600, "nests too deeply"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    assert mistakes(tmp_path, content) == [f"w0.yaml: {said}"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    _, world = load(tmp_path, b"\xef\xbb\xbf" + WORLD.encode())
    assert len(world.accounts) == 1


def test_a_missing_site_file_and_a_folder_are_said(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "no.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigErrors, match=f"cannot be read: {why}"):
            load_site(path, {})


def test_no_worlds_and_no_nodes_are_mistakes(tmp_path: Path) -> None:
    assert mistakes(tmp_path, site="nodes: []\nworlds:\n") == [
        "edge.yaml: nodes: must have at least 1 row (line 1)",
        "edge.yaml: worlds: must be a list (line 2)",
    ]
