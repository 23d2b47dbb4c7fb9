"""Copies of value types."""

from dataclasses import dataclass

import pytest
from msgspec import Struct

from monitor.domain.values import replace


class Point(Struct, frozen=True):
    """A Struct."""

    x: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A dataclass."""

    x: int
    y: int = 0


@pytest.mark.parametrize("value", [Point(1, 2), Place(1, 2)])
def test_a_copy_has_other_values_of_the_given_fields(value: Point | Place) -> None:
    """The value itself does not change, and a field that its type does not have is an error."""
    assert replace(value, y=3) == type(value)(1, 3)
    assert value == type(value)(1, 2)
    with pytest.raises(TypeError):
        replace(value, z=3)  # type: ignore[call-arg]  # mypy finds it, too


@pytest.mark.parametrize("value", [Point(1, 2), Place(1, 2)])
def test_a_value_cannot_be_changed(value: Point | Place) -> None:
    with pytest.raises(AttributeError):
        value.x = 3  # type: ignore[misc]  # mypy finds it, too
