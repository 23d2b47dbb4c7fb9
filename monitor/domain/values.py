"""Copies of values of the two kinds of value types: Structs of msgspec, and dataclasses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace  # noqa: TID251 - mypy checks its arguments for a Struct, too
else:
    import dataclasses
    from typing import Any, TypeVar

    from msgspec import Struct, structs

    T = TypeVar("T")

    def replace(value: T, /, **changes: Any) -> T:
        """Return a copy of a Struct or dataclass, with other values of some fields."""
        return (structs if isinstance(value, Struct) else dataclasses).replace(value, **changes)


__all__ = ["replace"]
