"""Counting beats into bars: where nothing was heard about bars, where a person says so, and how the
count goes on when beats come between or go."""

from collections.abc import Sequence

# Where bars are only assumed, every fourth beat begins one.
DERIVED_BEATS_PER_BAR = 4


def time_signature(beats_per_bar: int) -> str:
    """The usual way to write a bar of so many beats."""
    return f"{beats_per_bar}/4"


def counted(beats: int, start: int, beats_per_bar: int) -> tuple[int, ...]:
    """Places of so many beats in bars of one length, one of which begins at the index `start`."""
    return tuple((index - start) % beats_per_bar + 1 for index in range(beats))


def moved(numbers: Sequence[int], by: int, beats_per_bar: int) -> tuple[int, ...]:
    """The same bars, longer and shorter ones among them, begun `by` beats later (or earlier).

    What comes in at an end is counted on in bars of `beats_per_bar`.
    """
    return tuple(_at(numbers, index - by, beats_per_bar) for index in range(len(numbers)))


def halved(numbers: Sequence[int], beats_per_bar: int) -> tuple[tuple[int, int], ...]:
    """(index, new place) of every second beat.

    Bars of an even number of beats keep their starts. Of an odd number, two become one.
    """
    places = numbers if beats_per_bar % 2 == 0 else _in_pairs(numbers, beats_per_bar)
    return tuple((index, (place + 1) // 2) for index, place in enumerate(places) if place % 2)


def after_one_more(numbers: Sequence[int], index: int, beats_per_bar: int) -> tuple[int, ...]:
    """Places with one more beat before `index`: its bar grows, and all bars keep their starts."""
    if not numbers:
        return (1,)
    if index == 0:
        return (_at(numbers, -1, beats_per_bar), *numbers)
    if index == len(numbers):
        return (*numbers, _at(numbers, index, beats_per_bar))
    end = _next_start(numbers, index)
    later = (number + 1 for number in numbers[index:end])
    return (*numbers[:index], numbers[index - 1] + 1, *later, *numbers[end:])


def after_one_less(numbers: Sequence[int], index: int) -> tuple[int, ...]:
    """Places without the beat `index`: its bar shrinks, and begins with the next beat if it was
    the first. Before the song's first beat nothing is counted, so there nothing else changes."""
    if index == 0:
        return tuple(numbers[1:])
    end = _next_start(numbers, index + 1)
    later = (number - 1 for number in numbers[index + 1 : end])
    return (*numbers[:index], *later, *numbers[end:])


def _at(numbers: Sequence[int], index: int, beats_per_bar: int) -> int:
    """The place of a beat that may lie before the first or after the last."""
    if index < 0:
        place = numbers[0] + index
        return place if place > 0 else (place - 1) % beats_per_bar + 1
    if index < len(numbers):
        return numbers[index]
    beyond = index - len(numbers) + 1
    return (min(numbers[-1], beats_per_bar) - 1 + beyond) % beats_per_bar + 1


def _in_pairs(numbers: Sequence[int], beats_per_bar: int) -> tuple[int, ...]:
    """Places in two bars taken as one, from the first bar that begins; a pick-up is the end of a
    pair."""
    places = []
    before, is_second = beats_per_bar, True
    for number, last in zip(numbers, (0, *numbers), strict=False):
        if number == 1:
            is_second = not is_second
            before = last if is_second else 0
        places.append(before + number)
    return tuple(places)


def _next_start(numbers: Sequence[int], index: int) -> int:
    return next((i for i in range(index, len(numbers)) if numbers[i] == 1), len(numbers))
