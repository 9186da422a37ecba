# SPDX-License-Identifier: Apache-2.0
"""Bodies made of the schemas of an OpenAPI description: one for each place at which a text may stand, with a given text there."""

NESTED = 2  # how often a schema may stand within itself
METHODS = ("get", "post", "put", "patch", "delete")


class Spec:
    def __init__(self, document):
        self.document = document

    def operations(self):
        """(METHOD, path, what is said of it)"""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), path, item[method]

    def body(self, operation, kind):
        """The schema of its body of this content type, or None."""
        return operation.get("requestBody", {}).get("content", {}).get(kind, {}).get("schema")

    def resolve(self, schema):
        """(schema, what it is called)"""
        name = None
        while "$ref" in schema:
            name = schema["$ref"]
            at = self.document
            for part in name.removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema, name

    def merged(self, schema):
        """With the members of all that it is all of; and the alternatives that are left."""
        schema, _ = self.resolve(schema)
        members, required, choices = dict(schema.get("properties", {})), list(schema.get("required", [])), []
        for part in schema.get("allOf", []):
            m, r, c = self.merged(part)
            members, required, choices = {**members, **m}, required + r, choices + c
        return members, required, choices + schema.get("anyOf", []) + schema.get("oneOf", [])

    def minimal(self, schema, depth=0):
        """A value without a text of anybody's."""
        schema, _ = self.resolve(schema)
        if "const" in schema or schema.get("enum"):
            return schema.get("const", (schema.get("enum") or [None])[0])
        members, required, choices = self.merged(schema)
        if members:
            return {n: self.minimal(members[n], depth + 1) for n in required if n in members}
        if choices:
            return self.minimal(choices[0], depth)
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "array":
            return [self.minimal(schema.get("items", {}), depth + 1)] if depth < 6 else []
        return {"object": {}, "integer": 1, "number": 0.5, "boolean": False, "null": None}.get(kind, "x")

    def variants(self, schema, text, path="", above=()):
        """(path, value with the text at that place) for each place of the schema; with a number, for each at which one may stand."""
        schema, name = self.resolve(schema)
        if name and above.count(name) >= NESTED:
            return
        above = (*above, name) if name else above
        members, _, choices = self.merged(schema)
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if members:
            base = self.minimal(schema)
            for member, inner in members.items():
                for where, value in self.variants(inner, text, f"{path}.{member}", above):
                    yield where, {**base, member: value}
        for i, choice in enumerate(choices):
            yield from self.variants(choice, text, f"{path}|{i}", above)
        if "array" in kinds:
            for where, value in self.variants(schema.get("items", {}), text, f"{path}[]", above):
                yield where, [value]
        more = schema.get("additionalProperties", "object" in kinds and not members)
        if more and not choices:
            yield f"{path}.key()", {text: "x"}
            for where, value in self.variants(more if isinstance(more, dict) else {"type": "string"}, text, f"{path}.*", above):
                yield where, {"k": value}
        if not (kinds or members or choices or "enum" in schema or "const" in schema):
            yield path, text
        elif isinstance(text, str) and ("string" in kinds or "enum" in schema or "const" in schema):
            yield path, text
        elif not isinstance(text, str) and not {"integer", "number"}.isdisjoint(kinds):
            yield path, text

    def bodies(self, schema, text):
        seen = set()
        for where, body in self.variants(schema, text):
            if where not in seen and isinstance(body, dict):
                seen.add(where)
                yield where, body
