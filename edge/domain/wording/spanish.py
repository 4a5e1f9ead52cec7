"""Spanish: veintiuno has a sound of its own; before minutos it is veintiún, "20-and" and "1M"."""

from edge.domain.wording.wording import Names, Wording, digit

SHORTENED: dict[str, Names] = {
    "digits/1": ("digits/1M",),
    "digits/21": ("digits/20-and", "digits/1M"),
}


class Spanish(Wording):
    def number(self, number: int) -> Names:
        if number <= 30:
            return (digit(number),)
        if number == 100:
            return ("digits/hundred",)
        hundreds, rest = divmod(number, 100)
        if hundreds:
            hundred = "digits/100-and" if hundreds == 1 else digit(hundreds * 100)
            return (hundred, *(self.number(rest) if rest else ()))
        tens, ones = divmod(number, 10)
        return (digit(tens * 10), *(("digits/and", digit(ones)) if ones else ()))

    def before_unit(self, number: int) -> Names:
        *before, last = self.number(number)
        return (*before, *SHORTENED.get(last, (last,)))
