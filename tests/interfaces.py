"""The route tables, read from each service's OpenAPI, with the least body that each route accepts."""

from dataclasses import dataclass
from functools import cached_property

from chassis.contracts import openapi
from chassis.service import load
from tests.conftest import SERVICES

METHODS = ("get", "post", "put", "patch", "delete")
DOCUMENTS = {name: openapi(load(name)) for name in SERVICES}
PLAIN = {
    "date-time": "2026-11-23T02:00:00Z",
    "date": "2026-11-23",
    "time": "08:00:00",
    "email": "somebody@example.com",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
}


@dataclass(frozen=True)
class Route:
    """One operation of one service."""

    service: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def operation(self) -> dict:
        return DOCUMENTS[self.service]["paths"][self.path][self.method.lower()]

    @property
    def parameters(self) -> list[dict]:
        """Its own and those of its path, whichever way they are written."""
        shared = DOCUMENTS[self.service]["paths"][self.path].get("parameters", [])
        return [self._resolved(each) for each in [*shared, *self.operation.get("parameters", [])]]

    @property
    def in_path(self) -> list[str]:
        return [each["name"] for each in self.parameters if each["in"] == "path"]

    @property
    def in_query(self) -> list[str]:
        return [each["name"] for each in self.parameters if each["in"] == "query"]

    @property
    def is_public(self) -> bool:
        return self.operation.get("security") == []

    @cached_property
    def body(self) -> dict | None:
        """The schema of its JSON body."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return self._resolved(content["application/json"]["schema"]) if "application/json" in content else None

    @property
    def ids_in_body(self) -> list[str]:
        """Fields of the body that hold one id."""
        fields = self.body["properties"] if self.body else {}
        return [name for name, field in fields.items() if field.get("format") == "uuid"]

    def least(self):
        """The least body that fits."""
        return self._sample(self.body) if self.body else None

    def least_question(self) -> dict:
        """The least query that fits: what must be asked."""
        needed = [each for each in self.parameters if each["in"] == "query" and each.get("required")]
        return {each["name"]: each["schema"].get("example") or self._sample(each["schema"]) for each in needed}

    def _sample(self, schema: dict):
        schema = self._resolved(schema)
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {name: self._sample(schema["properties"][name]) for name in schema.get("required", [])}
        if kind == "array":
            return [self._sample(schema["items"])] * schema.get("minItems", 0)
        if kind in ("integer", "number"):
            return max(1, schema.get("minimum", 1))
        return True if kind == "boolean" else PLAIN.get(schema.get("format"), "x" * max(1, schema.get("minLength", 1)))

    def _resolved(self, schema: dict) -> dict:
        while "$ref" in schema or "allOf" in schema:
            schema = schema["allOf"][0] if "allOf" in schema else self._find(schema["$ref"])
        return schema

    def _find(self, reference: str) -> dict:
        found = DOCUMENTS[self.service]
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found


ROUTES = [
    Route(service, method.upper(), path)
    for service, document in DOCUMENTS.items()
    for path, operations in document["paths"].items()
    for method in operations
    if method in METHODS
]
