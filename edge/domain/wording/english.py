"""English: twenty-one is "20", "1"; a hundred and one is "1", "hundred", "1"."""

from edge.domain.wording.wording import Names, Wording, digit


class English(Wording):
    def number(self, number: int) -> Names:
        if number <= 20:
            return (digit(number),)
        hundreds, rest = divmod(number, 100)
        if hundreds:
            return (digit(hundreds), "digits/hundred", *(self.number(rest) if rest else ()))
        tens, ones = divmod(number, 10)
        return (digit(tens * 10), *((digit(ones),) if ones else ()))
