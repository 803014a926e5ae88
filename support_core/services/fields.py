"""Small shared steps of services that store validated fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def changed(row: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the given attributes and return those that were different before."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return different


def taken(field: str) -> str:
    """Laravel's message for a value that has to be unique and is not."""
    return f"The {field.replace('_', ' ')} has already been taken."
