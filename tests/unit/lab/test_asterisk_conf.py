"""The configuration templates and those who fill them in: the lab and the container's start."""

import re
from pathlib import Path

import pytest

from edge.domain.wording import WORDINGS
from lab.asterisk_conf import LONGEST_SOCKET_PATH, REPOSITORY, TEMPLATES, write_conf
from lab.asterisk_install import ROOTFS_NAME, AsteriskInstall, version_number
from lab.processes import AsteriskSettings

OWN_VARIABLES = {"EXTEN", "HANGUPCAUSE", "EPOCH", "STASISSTATUS", "CARRIER", "SORRY", "PATIENCE"}
"""Words in ${} that belong to the dialplan itself; those of a call begin with QE_."""


@pytest.fixture
def install(tmp_path: Path) -> AsteriskInstall:
    share = tmp_path / "usr/share/asterisk"
    for voice in ("en_US_f_Allison", "fr_CA_f_June", "fr_CA_m_Second", "recordings"):
        (share / "sounds" / voice).mkdir(parents=True)
    (share / "rest-api").mkdir()
    return AsteriskInstall(("asterisk",), tmp_path / "modules", share, "22.10.1")


def words_in_braces(text: str) -> set[str]:
    found = set(re.findall(r"\$\{([A-Z_]+)\}", text))
    return {word for word in found - OWN_VARIABLES if not word.startswith("QE_")}


def test_every_word_of_the_templates_has_a_value(install: AsteriskInstall) -> None:
    words = set().union(*(words_in_braces(p.read_text()) for p in TEMPLATES.glob("*.conf")))
    assert words == set(AsteriskSettings().values(install, Path("run")))


def test_the_container_fills_the_same_words_as_the_lab(install: AsteriskInstall) -> None:
    start = (TEMPLATES / "start.sh").read_text()
    loop = re.search(r"for name in ([A-Z_\s\\]+); do", start)
    assert loop is not None
    assert set(loop[1].replace("\\", " ").split()) == set(
        AsteriskSettings().values(install, Path("run"))
    )


def test_values_are_filled_in_and_the_dialplan_keeps_its_own(
    tmp_path: Path, install: AsteriskInstall
) -> None:
    run = tmp_path / "run"
    settings = AsteriskSettings(bind="192.0.2.7", sip_port=5099)
    write_conf(run, install, settings.values(install, run), extra_pjsip="[400](phone)\n")
    assert "bind = 192.0.2.7:5099" in (run / "etc/pjsip.conf").read_text()
    assert "Dial(PJSIP/${EXTEN},30)" in (run / "etc/extensions.conf").read_text()
    assert (run / "etc/pjsip.d/lab.conf").read_text() == "[400](phone)\n"


def test_each_language_has_its_voice_where_asterisk_looks(
    tmp_path: Path, install: AsteriskInstall
) -> None:
    write_conf(tmp_path / "run", install, {})
    sounds = tmp_path / "run/share/sounds"
    assert (sounds / "en").resolve().name == "en_US_f_Allison"
    assert (sounds / "fr").resolve().name == "fr_CA_f_June"
    assert (sounds / "recordings").is_dir()
    assert {path.name for path in sounds.iterdir() if len(path.name) == 2} == {"en", "fr"}


def test_everybody_fetches_the_same_voices() -> None:
    setup = (REPOSITORY / "tools/setup-asterisk.sh").read_text()
    fetched = re.search(r"asterisk-core-sounds-%s-wav,' ([a-z ]+)\)", setup)
    assert fetched is not None
    assert set(fetched[1].split()) == set(WORDINGS)
    image = (TEMPLATES / "Dockerfile").read_text()
    for kind in ("", "-wav"):
        assert set(re.findall(rf"asterisk-core-sounds-([a-z]+){kind} ", image)) == set(WORDINGS)


def test_everybody_means_the_same_cached_asterisk() -> None:
    assert f"$cache/{ROOTFS_NAME}" in (REPOSITORY / "tools/setup-asterisk.sh").read_text()


def test_a_run_folder_too_deep_for_a_socket_gets_another_place_for_it(
    tmp_path: Path, install: AsteriskInstall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    deep = tmp_path / ("d" * LONGEST_SOCKET_PATH)
    conf = write_conf(deep, install, {}).read_text()
    assert f"astrundir => {tmp_path / 'cache/queue-edge/run'}" in conf
    assert f"astlogdir => {deep / 'log'}" in conf


def test_writing_again_over_an_earlier_run_is_fine(
    tmp_path: Path, install: AsteriskInstall
) -> None:
    first = write_conf(tmp_path / "run", install, {}).read_text()
    assert write_conf(tmp_path / "run", install, {}).read_text() == first


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("22.10.1+dfsg+~cs6.17", (22, 10)),
        ("GIT-master-22.9", (22, 9)),
        ("23.1.0", (23, 1)),
        ("", (0, 0)),
    ],
)
def test_version_number(text: str, version: tuple[int, int]) -> None:
    assert version_number(text) == version
