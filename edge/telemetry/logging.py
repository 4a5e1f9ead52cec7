"""Logs: one JSON object a line (or readable text), static event names, personal data masked.

Personal data stands only in fields named `pii_…`. Ids are bound once per call with `bound_to`.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

PERSONAL = "pii_"
KEPT_DIGITS = 2
TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Without the frames' local variables: they hold callers' numbers."""


def configure(
    level: str = "info",
    as_json: bool = True,
    mask_personal_data: bool = True,
    stream: TextIO | None = None,
) -> None:
    """Send all logs, also those of libraries, to `stream` (stderr by default).

    `level`: debug, info, warning or error. May be called again; the last call holds.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if mask_personal_data:
        shared.append(mask_personal)
    rendered: list[Processor] = (
        [TRACEBACKS, structlog.processors.JSONRenderer(_json)]
        if as_json
        else [
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(),
                pad_event_to=28,
                # The default shows local variables wherever the package rich is installed.
                exception_formatter=structlog.dev.plain_traceback,
            )
        ]
    )
    structlog.configure(
        processors=[*shared, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _library_message],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    # Libraries tell every retry at info; what of it matters we say ourselves.
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)


@contextmanager
def bound_to(**ids: str) -> Iterator[None]:
    """Every log line of this task, and of tasks it starts, carries these ids."""
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def mask_personal(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave of each `pii_` field its last two characters, of what has at most two nothing."""
    for name in event:
        if name.startswith(PERSONAL):
            event[name] = masked(event[name])
    return event


def masked(value: object) -> str:
    """`12025550100` → `*********00`. Whatever is not text is hidden whole."""
    if not isinstance(value, str):
        return "*"
    kept = value[-KEPT_DIGITS:] if len(value) > KEPT_DIGITS else ""
    return "*" * (len(value) - len(kept)) + kept


def _library_message(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Event names are ours and static; a library's sentence is a field."""
    record = event.get("_record")
    event["message"] = event["event"]
    event["event"] = "library_message"
    if isinstance(record, logging.LogRecord):
        event["library"] = record.name
    return event


def _json(event: Any, default: Any, **_: Any) -> str:
    return orjson.dumps(event, default=default, option=orjson.OPT_NON_STR_KEYS).decode()
