"""One YAML file, read strictly: no duplicate key, no number that YAML would quietly change."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from edge.config.errors import Findings

TEXT = "tag:yaml.org,2002:str"
NUMBER = "tag:yaml.org,2002:int"
DATE = "tag:yaml.org,2002:timestamp"
TRUTH = "tag:yaml.org,2002:bool"
MERGE = "tag:yaml.org,2002:merge"
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")

Substitute = Callable[[str], str]
"""Changes the text of a value, or raises ValueError with what is wrong."""


class StrictLoader(yaml.SafeLoader):
    """YAML whose only words for truth are true and false: `on`, `yes` and `no` are text."""


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != TRUTH]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
StrictLoader.add_implicit_resolver(
    TRUTH, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


@dataclass(slots=True)
class Document:
    """What stands in a file: `content` for the settings, and where in the file it stands."""

    file: str
    content: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    """Values by path as they were written, before YAML made a number of them."""

    def line(self, path: str) -> int:
        """The line of the place, or of the nearest place around it that exists."""
        while path and path not in self.lines:
            path = around(path)
        return self.lines.get(path, 0)


def around(path: str) -> str:
    """The path one step out: `a[0].b` → `a[0]` → `a` → the file."""
    cut = max(path.rfind("."), path.rfind("["))
    return path[:cut] if cut > 0 else ""


def inside(path: str, key: str | int) -> str:
    """The path one step in."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def read(path: Path, findings: Findings, substitute: Substitute | None = None) -> Document | None:
    """The document, or None where the file cannot be read at all. Mistakes go to `findings`."""
    file = str(path)
    findings.read(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        findings.add(file, "", f"is not UTF-8 text (byte {fault.start})")
        return None
    except OSError as fault:
        findings.add(file, "", f"cannot be read: {fault.strerror}")
        return None
    except ValueError as fault:
        findings.add(file, "", f"cannot be read: {fault}")
        return None
    try:
        return _parsed(text, Document(file), findings, substitute)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 0
        # `*` alone is how YAML refers to what stands elsewhere.
        hint = '; write a star in quotes, as text: "*"' if "alias" in (fault.context or "") else ""
        findings.add(file, "", f"is not YAML: {fault.problem or fault}{hint}", line)
    except yaml.YAMLError as fault:
        findings.add(file, "", f"is not YAML: {str(fault).splitlines()[0]}")
    except _RefersToItself:
        findings.add(file, "", "nests without end: an alias refers to what it stands in")
    except RecursionError:
        findings.add(file, "", "nests too deeply")
    return None


def _parsed(
    text: str, document: Document, findings: Findings, substitute: Substitute | None
) -> Document | None:
    file = document.file
    loader = StrictLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            findings.add(file, "", "is empty")
            return None
        if not isinstance(node, MappingNode):
            findings.add(file, "", "must be a mapping (key: value)", _line(node))
            return None
        _Walk(document, findings, substitute).visit(node, "")
        document.content = loader.construct_document(node)
    finally:
        loader.dispose()
    return document


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


class _RefersToItself(Exception):
    """An alias points at a node that contains it."""


class _Walk:
    """Visits every node before values are made of it, and corrects what was reported."""

    def __init__(
        self, document: Document, findings: Findings, substitute: Substitute | None
    ) -> None:
        self._document = document
        self._findings = findings
        self._substitute = substitute
        self._around: set[Hashable] = set()
        self._substituted: set[Hashable] = set()

    def visit(self, node: Node, path: str) -> None:
        if id(node) in self._around:
            raise _RefersToItself
        self._document.lines.setdefault(path, _line(node))
        self._around.add(id(node))
        if isinstance(node, ScalarNode):
            self._value(node, path)
        elif isinstance(node, SequenceNode):
            for index, row in enumerate(node.value):
                self.visit(row, inside(path, index))
        elif isinstance(node, MappingNode):
            self._mapping(node, path)
        self._around.discard(id(node))

    def _mapping(self, node: MappingNode, path: str) -> None:
        first_lines: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == MERGE:
                self.visit(value, inside(path, "<<"))
                continue
            if not isinstance(key, ScalarNode):
                self._report(path, "every key must be text", _line(key))
                continue
            place = inside(path, key.value)
            if key.tag != TEXT:
                self._report(place, "write the key in quotes, as text", _line(key))
                key.tag = TEXT
            if key.value in first_lines:
                message = f"is given twice, first on line {first_lines[key.value]}"
                self._report(place, message, _line(key))
            first_lines.setdefault(key.value, _line(key))
            self.visit(value, place)

    def _value(self, node: ScalarNode, path: str) -> None:
        if self._substitute and id(node) not in self._substituted and "$" in node.value:
            self._substituted.add(id(node))
            try:
                node.value = self._substitute(node.value)
            except ValueError as fault:
                self._report(path, str(fault), _line(node))
            node.tag = TEXT
        self._document.written[path] = node.value
        if node.tag == DATE:
            self._report(path, f'write it in quotes, as text: "{node.value}"', _line(node))
            node.tag = TEXT
        elif node.tag == NUMBER and not PLAIN_NUMBER.fullmatch(node.value):
            message = f'write it in quotes, as text: "{node.value}", or as a plain decimal number'
            self._report(path, message, _line(node))
            node.tag = TEXT

    def _report(self, path: str, message: str, line: int) -> None:
        self._findings.add(self._document.file, path, message, line)
