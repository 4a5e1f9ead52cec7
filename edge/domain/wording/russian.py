"""Russian: numbers are masculine, and only "минута", "минут" and "секунд" were recorded.

After 1 to 4 (21, 22 …) a feminine numeral and "минуты" would be needed. There the unit goes first,
"минут два", which is right in every form and means about two. One minute is "время ожидания:
минута". "Двести" and above were not recorded: beyond 199 it is "more than".
"""

from edge.domain.wording.wording import Exactly, LessThan, Names, Range, Wait, Wording, digit


class Russian(Wording):
    highest_number = 199

    def number(self, number: int) -> Names:
        hundreds, rest = divmod(number, 100)
        if hundreds:
            return ("digits/hundred", *(self.number(rest) if rest else ()))
        tens, ones = divmod(number, 10)
        if number <= 20 or ones == 0:
            return (digit(number),)
        return (digit(tens * 10), digit(ones))

    def _waiting_time(self, wait: Wait) -> Names:
        match wait:
            case LessThan(seconds):
                # "Менее" wants a genitive, and no numeral was recorded in it.
                return self._waiting_time(Exactly(seconds))
            case Exactly(60):
                return ("queue-reporthold", "queue-minute")
            case Range(low, high):
                return ("queue-holdtime", *self.from_to(low, high))
            case _:
                return super()._waiting_time(wait)

    def from_to(self, low: int, high: int) -> Names:
        """ "Минут пять, десять"."""
        if low % 60 == 0 and high % 60 == 0:
            return ("queue-minutes", *self.number(low // 60), *self.number(high // 60))
        if high < 60:
            return ("queue-seconds", *self.number(low), *self.number(high))
        return (*self.length(low), *self.length(high))

    def minutes(self, minutes: int) -> Names:
        return self._counted(minutes, "queue-minutes")

    def seconds(self, seconds: int) -> Names:
        return self._counted(seconds, "queue-seconds")

    def _counted(self, number: int, genitive_plural: str) -> Names:
        if number % 10 in (1, 2, 3, 4) and number % 100 not in (11, 12, 13, 14):
            return (genitive_plural, *self.number(number))
        return (*self.number(number), genitive_plural)
