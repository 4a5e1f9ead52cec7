"""When a record is due: at the earliest of its times."""


def earliest(*times_ms: int) -> int:
    """The first of these times; 0 stands for "not", and is the answer where all are."""
    return min((at_ms for at_ms in times_ms if at_ms), default=0)
