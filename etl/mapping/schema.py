"""The JSON Schema of mappings, generated from the model, by which editors complete and check them.

`python -m etl.mapping.schema mappings/mapping.schema.json` writes it.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic.json_schema import GenerateJsonSchema

from etl.mapping.model import Mapping

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema


class _LikeTheLoader(GenerateJsonSchema):
    """Leaves out null, which the loader refuses, and the titles, which only repeat the keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        written = super().default_schema(schema)
        if isinstance(written.get("default"), (dict, list)):
            del written["default"]  # an empty collection says nothing, and a part's own keys name their defaults
        if written.get("default", "") is None:
            del written["default"]
        return written

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """With what stands below each attribute."""
        written = super().model_schema(schema)
        keys = {name: field.alias or name for name, field in schema["cls"].model_fields.items()}
        for name, said in said_of(schema["cls"]).items():
            written["properties"][keys[name]]["description"] = said
        return written

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (pydantic's hook names its parameter)
        return False


def said_of(part: type) -> dict[str, str]:
    """Attribute → the docstring below it, of a part and of what it inherits.

    Not pydantic's `use_attribute_docstrings`: that reads the source of each class again at every start of every command.
    """
    said: dict[str, str] = {}
    for one in reversed(part.__mro__):
        if not one.__module__.startswith("etl."):
            continue
        body = ast.parse(inspect.getsource(one)).body[0]
        for line, below in pairwise(body.body if isinstance(body, ast.ClassDef) else ()):
            match line, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    said[name] = inspect.cleandoc(text)
    return said


def mapping_schema() -> JsonSchemaValue:
    """The schema as a value."""
    return schema_of(Mapping)


def schema_of(part: type[BaseModel]) -> JsonSchemaValue:
    """The schema of what a file of ours can say, as its loader takes it."""
    return part.model_json_schema(schema_generator=_LikeTheLoader)


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(mapping_schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
