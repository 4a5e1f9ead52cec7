"""Italian: ventuno and ventotto have sounds of their own; un minuto."""

from edge.domain.wording.wording import Names, Wording, digit


class Italian(Wording):
    def number(self, number: int) -> Names:
        hundreds, rest = divmod(number, 100)
        if hundreds:
            many = (digit(hundreds),) if hundreds > 1 else ()
            return (*many, "digits/hundred", *(self.number(rest) if rest else ()))
        tens, ones = divmod(number, 10)
        if number <= 20 or ones in (0, 1, 8):
            return (digit(number),)
        return (digit(tens * 10), digit(ones))

    def before_unit(self, number: int) -> Names:
        return ("digits/un",) if number == 1 else self.number(number)
