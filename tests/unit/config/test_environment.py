"""Variables in edge.yaml."""

import pytest

from edge.config.environment import substitute

KNOWN = {"A": "1", "EMPTY": "", "B_2": "x${A}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("${A}", "1"),
        ("<${A}${A}>", "<1 1>".replace(" ", "")),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${NOPE:-}", ""),
        ("${NOPE:-http://a:1/b}", "http://a:1/b"),
        ("${A:-d}", "1"),
        ("${B_2}", "x${A}"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$A $ 5$", "$A $ 5$"),
    ],
)
def test_filled(text: str, filled: str) -> None:
    assert substitute(text, KNOWN) == filled


@pytest.mark.parametrize("text", ["${", "${A", "${A B}", "${1}", "${}", "${A:+x}"])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        substitute(text, KNOWN)


def test_every_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ValueError, match="X and Y is not set"):
        substitute("${X}${A}${Y}", KNOWN)
