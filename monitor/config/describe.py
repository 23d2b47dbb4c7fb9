"""What the schema found wrong, as sentences: what it is, and what would be right."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from monitor.config.document import Path
from monitor.config.fields import not_text
from monitor.config.values import meant
from monitor.domain.errors import Remark

_WORDS = {
    "bool_type": "write true or false, without quotes",
    "int_type": "write a whole number, without quotes",
    "list_type": "write a list, such as [first, second]",
    "dict_type": "write a mapping, one indented line a key",
    "model_type": "write a mapping, one indented line a key",
}


def describe_error(path: Path, detail: ErrorDetails, model: type[BaseModel]) -> Remark:
    """Turn one error of pydantic into a remark; ``path`` is where the model's value stands in the file."""
    loc = tuple(part for part in detail["loc"] if part != "[key]")
    parent, key = loc[:-1], loc[-1] if loc else ""
    if detail["type"] == "extra_forbidden":
        return Remark((*path, *loc), unknown_key(str(key), _model_at(model, parent)))
    if detail["type"] == "missing":
        field = _fields(_model_at(model, parent))[str(key)]
        return Remark((*path, *parent), f"{key} is missing; add it: {field.description}")
    return Remark((*path, *loc), reason(detail))


def reason(detail: ErrorDetails) -> str:
    """Say what is wrong with one value."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_type":
        return not_text(detail["input"])
    if kind == "literal_error":
        return f"write one of {str(context['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind in _WORDS:
        return f"this is {kind_of(detail['input'])}; {_WORDS[kind]}"
    return _limit(kind, context) or f"{detail['msg'].lower()}; see monitor schema for what may stand here"


def _limit(kind: str, context: Mapping[str, Any]) -> str:
    limits = {
        "greater_than_equal": "this is too small; write {ge} or more",
        "less_than_equal": "this is too big; write {le} or less",
        "too_short": "this needs {min_length} or more; add some",
        "too_long": "this takes at most {max_length}; delete some",
        "string_too_long": "this is too long; write at most {max_length} letters",
        "string_too_short": "this is empty; write some text, or delete the key",
    }
    return limits.get(kind, "").format(**context)


def kind_of(value: Any) -> str:
    """Name the kind of a value as people say it."""
    kinds = {type(None): "nothing", bool: "a truth value", int: "a number", float: "a number", str: "text"}
    return {**kinds, list: "a list", dict: "a mapping"}.get(type(value), "something else")


def unknown_key(key: str, model: type[BaseModel]) -> str:
    """Say that a key is not known, and which one was meant or may stand there."""
    known = _fields(model)
    hint = meant(key, known) or f"; known here: {', '.join(known)}"
    return f'there is no key "{key}"{hint}'


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """Follow a path of keys from a model to the model that lies there."""
    for part in loc:
        field = _fields(model).get(str(part))
        if field is not None:
            model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
