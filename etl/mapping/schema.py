"""The JSON Schema of mappings, generated from the model, by which editors complete and check them.

`python -m etl.mapping.schema mappings/mapping.schema.json` writes it.
"""

from __future__ import annotations

import json
import sys
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

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (pydantic's hook names its parameter)
        return False


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
