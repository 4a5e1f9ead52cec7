"""`${NAME}` and `${NAME:-default}` in edge.yaml: secrets and addresses from the environment."""

import re
from collections.abc import Mapping

VARIABLE = re.compile(
    r"(?P<escaped>\$\$)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<odd>\$\{)"
)


def substitute(text: str, environment: Mapping[str, str]) -> str:
    """The text with its variables filled in; `$$` stands for one `$`.

    A default is taken where the variable is unset or empty, as a shell does. Raises ValueError
    naming every variable that is not set. The result is text, whatever it looks like.
    """
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        if found["odd"]:
            raise ValueError("write ${NAME} or ${NAME:-default}; a plain ${ is written $${")
        name, default = found["name"], found["default"]
        if default is not None:
            return environment.get(name) or default
        if name not in environment:
            missing.append(name)
            return ""
        return environment[name]

    filled = VARIABLE.sub(value, text)
    if missing:
        raise ValueError(
            f"environment variable {' and '.join(missing)} is not set, and there is no default"
        )
    return filled
