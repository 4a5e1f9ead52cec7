"""Pydantic's findings in an operator's words, at the path where the operator finds them."""

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from edge.config.documents import Document, inside
from edge.config.errors import Findings

WORDS = {
    "missing": "is missing",
    "unexpected_keyword_argument": "is not a setting here",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping (key: value)",
    "dataclass_type": "must be a mapping (key: value)",
    "too_short": "must have at least {min_length} row",
}


def report(invalid: ValidationError, document: Document, findings: Findings) -> None:
    """Add every finding of pydantic about the document."""
    for error in invalid.errors(include_url=False):
        path = ""
        for step in error["loc"]:
            path = inside(path, step)
        findings.add(document.file, path, _said(error, path, document), document.line(path))


def _said(error: ErrorDetails, path: str, document: Document) -> str:
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "unquoted":
        return f'write it in quotes, as text: "{document.written.get(path, error["input"])}"'
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in WORDS:
        return WORDS[error["type"]].format(**context)
    return error["msg"]
