"""Where webhooks may go, and with what they are signed."""

from pathlib import Path

import pytest

from tests.unit.config.files import NODE, WORLD, load, mistakes

ROW = '        options: [{digit: "1", action: webhook, webhook_url: "URL"}]\n        members:\n'
ALLOWED = f"{NODE}worlds: [w0.yaml]\nwebhooks: {{allow_private_addresses: true}}\n"
SAID = (
    "w0.yaml: accounts[0].queues[0].options[0].webhook_url: leads into our own network; the site "
    "allows that with webhooks: {allow_private_addresses: true} (line 11)"
)


def world_posting_to(url: str) -> str:
    return WORLD.replace("        members:\n", ROW.replace("URL", url))


@pytest.mark.parametrize("url", ["http://10.1.2.3/hook", "http://localhost:8080", "https://[::1]/"])
def test_our_own_network_needs_leave(tmp_path: Path, url: str) -> None:
    assert mistakes(tmp_path, world_posting_to(url)) == [SAID]
    assert mistakes(tmp_path, world_posting_to(url), site=ALLOWED) == []


@pytest.mark.parametrize("url", ["https://hooks.example.com/x?y=z", "https://8.8.8.8/x"])
def test_other_addresses_need_none(tmp_path: Path, url: str) -> None:
    _, world = load(tmp_path, world_posting_to(url))
    assert world.accounts[0].queues[0].options[0].webhook_url == url


def test_a_token_stands_neither_before_the_host_nor_in_what_is_told(tmp_path: Path) -> None:
    (said,) = mistakes(tmp_path, world_posting_to("https://ann:t0ps3cret@hooks.example.com/x"))
    assert "webhook_url: must be an address like https://example.com/hooks/callback" in said
    assert "t0ps3cret" not in said


def test_the_query_of_an_address_is_in_no_repr(tmp_path: Path) -> None:
    _, world = load(tmp_path, world_posting_to("https://hooks.example.com/x?token=t0ps3cret"))
    assert "t0ps3cret" not in repr(world)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("{attempts: 0}", "webhooks.attempts: must be at least 1 (line 3)"),
        ("{attempts: 16}", "webhooks.attempts: must be at most 15 (line 3)"),
        ("{timeout_seconds: 21}", "webhooks.timeout_seconds: must be at most 20 (line 3)"),
        (
            "{allow_private_addresses: 1}",
            "webhooks.allow_private_addresses: must be true or false (line 3)",
        ),
        ("{retries: 1}", "webhooks.retries: is not a setting here (line 3)"),
    ],
)
def test_the_rules_of_the_site(tmp_path: Path, setting: str, said: str) -> None:
    site = f"{NODE}worlds: [w0.yaml]\nwebhooks: {setting}\n"
    assert mistakes(tmp_path, site=site) == [f"edge.yaml: {said}"]


SIGNED = "accounts:\n  - webhook_signing_secret: SECRET\n    id: acct_a"


@pytest.mark.parametrize("secret", ["A" * 32, "A" * 43 + "=", "A" * 86 + "==", "A" * 84])
def test_a_signing_secret_is_base64(tmp_path: Path, secret: str) -> None:
    text = SIGNED.replace("SECRET", f"whsec_{secret}")
    _, world = load(tmp_path, WORLD.replace("accounts:\n  - id: acct_a", text))
    assert world.accounts[0].webhook_signing_secret == f"whsec_{secret}"


@pytest.mark.parametrize(
    "secret", ["sesame-open", "whsec_short", "whsec_" + "A" * 33, "whsec_" + "A" * 88]
)
def test_what_cannot_sign_is_told_before_the_first_call(tmp_path: Path, secret: str) -> None:
    text = SIGNED.replace("SECRET", secret)
    (said,) = mistakes(tmp_path, WORLD.replace("accounts:\n  - id: acct_a", text))
    assert "webhook_signing_secret: must be whsec_ and then" in said
    assert secret not in said


def test_a_secret_of_digits_alone_is_not_repeated(tmp_path: Path) -> None:
    text = "accounts:\n  - secrets: {hook: 8463920117}\n    id: acct_a"
    assert mistakes(tmp_path, WORLD.replace("accounts:\n  - id: acct_a", text)) == [
        "w0.yaml: accounts[0].secrets.hook: write it in quotes, as text (line 2)"
    ]


def test_a_variable_is_no_secret(tmp_path: Path) -> None:
    text = "accounts:\n  - secrets: {hook: '${HOOK_TOKEN}'}\n    id: acct_a"
    assert mistakes(tmp_path, WORLD.replace("accounts:\n  - id: acct_a", text)) == [
        "w0.yaml: accounts[0].secrets.hook: is sent as it stands: variables are filled in in "
        "edge.yaml alone (line 2)"
    ]
