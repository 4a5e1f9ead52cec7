"""The command `queue-edge`: serve, check-config, render-prompts.

Exit status: 0 done, 1 the configuration or the start is wrong (said on stderr), 2 wrong usage.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edge.config import ConfigErrors, load_site
from edge.domain.settings import Site, World
from edge.domain.strategies import register
from edge.prompts.converter import what_is_missing

DONE, WRONG, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. Raises SystemExit(2) on wrong usage, 0 on --help."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["render-prompts"]:
        from edge.prompts import render  # loads audio code that a server has no use for

        return render.main(given[1:])
    asked = _parser().parse_args(given)
    try:
        register()
    except ValueError as wrong:
        print(f"queue-edge: {wrong}", file=sys.stderr)
        return WRONG
    try:
        site, world = load_site(asked.config)
    except ConfigErrors as wrong:
        print(wrong, file=sys.stderr)
        count = len(wrong.errors)
        print(f"{count} error{'s' if count > 1 else ''}; nothing was used", file=sys.stderr)
        return WRONG
    if asked.command == "check-config":
        print(_summary(asked.config, site, world))
        for note in _notes(site):
            print(f"note: {note}", file=sys.stderr)
        return DONE
    return _serve(site, world)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="queue-edge",
        description="Call queues at the media edge of Asterisk.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"queue-edge {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in (
        ("serve", "run one edge until it is told to stop (SIGTERM, Ctrl-C)"),
        ("check-config", "read the configuration, say everything that is wrong with it"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose, allow_abbrev=False)
        command.add_argument(
            "--config", type=Path, default=Path("edge.yaml"), help="default: edge.yaml"
        )
    commands.add_parser("render-prompts", help="speak the texts of sounds/ into audio files")
    return parser


def _serve(site: Site, world: World) -> int:
    import uvloop

    from edge.service import serve
    from edge.telemetry import logging
    from edge.web import PortTaken

    logging.configure(
        level=site.logging.level,
        as_json=site.logging.format == "json",
        mask_personal_data=site.logging.mask_personal_data,
    )
    status = DONE
    try:
        uvloop.run(serve(site, world))
    except* PortTaken as taken:
        # raised within task groups, so it may lie in groups of groups
        fault: BaseException = taken
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        print(f"queue-edge: {fault}", file=sys.stderr)
        status = WRONG
    except* KeyboardInterrupt:
        status = INTERRUPTED
    return status


def _summary(path: Path, site: Site, world: World) -> str:
    accounts = world.accounts
    counts = (
        (len(site.nodes), "node"),
        (len(accounts), "account"),
        (sum(len(account.queues) for account in accounts), "queue"),
        (sum(len(account.users) for account in accounts), "user"),
        (sum(len(account.phone_numbers) for account in accounts), "phone number"),
    )
    listed = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)
    return f"{path}: good: {listed}"


def _notes(site: Site) -> Iterator[str]:
    """What is no mistake in itself, and may surprise."""
    if missing := what_is_missing():
        yield f"nothing can be uploaded: {missing}"
    if nodes := site.nodes_told_of_loopback:
        yield (
            f"no uploaded media comes to {', '.join(nodes)}: {site.media_url} is not this machine "
            "there; set media.url"
        )


def _version() -> str:
    try:
        return version("queue-edge")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
