"""French: soixante et onze, quatre-vingt-onze. "Une" has no sound, so one minute is sixty seconds,
and vingt et un stands before minutes too."""

from edge.domain.wording.wording import Names, Wording, digit


class French(Wording):
    def number(self, number: int) -> Names:
        if number <= 20:
            return (digit(number),)
        hundreds, rest = divmod(number, 100)
        if hundreds:
            many = (digit(hundreds),) if hundreds > 1 else ()
            return (*many, "digits/hundred", *(self.number(rest) if rest else ()))
        if number in (70, 90):
            return (digit(number),)
        tens = number // 10 * 10
        base = tens - 10 if tens in (70, 90) else tens
        ones = number - base
        if not ones:
            return (digit(base),)
        et = ("digits/et",) if ones in (1, 11) and base != 80 else ()
        return (digit(base), *et, digit(ones))

    def length(self, seconds: int) -> Names:
        return self.seconds(seconds) if seconds < 120 else super().length(seconds)
