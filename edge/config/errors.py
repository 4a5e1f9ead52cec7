"""What is wrong with a configuration, said so that an operator can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One mistake. `path` is like accounts[0].queues[1].extension, empty for the whole file.

    `line` counts from 1; 0 where no line is to blame.
    """

    file: str
    path: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}: {self.path}: " if self.path else f"{self.file}: "
        return f"{where}{self.message}" + (f" (line {self.line})" if self.line else "")


class ConfigErrors(Exception):
    """Every mistake found in all files, by file and line. Nothing of the files is in use."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__("\n".join(map(str, errors)))
        self.errors = tuple(errors)


class Findings:
    """Mistakes as they are found. The first one about a place is kept: later ones follow from it.

    Files come in the order they were first named, mistakes within a file by line.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], ConfigError] = {}
        self._files: dict[str, int] = {}

    def read(self, file: str) -> None:
        """Note a file's turn in the order of the report."""
        self._files.setdefault(file, len(self._files))

    def add(self, file: str, path: str, message: str, line: int = 0) -> None:
        self.read(file)
        self._found.setdefault((file, path), ConfigError(file, path, message, line))

    def raise_if_any(self) -> None:
        """Raises ConfigErrors."""
        if self._found:
            order = self._files
            raise ConfigErrors(
                sorted(self._found.values(), key=lambda error: (order[error.file], error.line))
            )
