"""The API's own description, docs/openapi.json, held against what a pool answers."""

from __future__ import annotations

import collections
import functools
import json
import urllib.parse

import httpx
import jsonschema_rs
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

from pool import ROOT

METHODS = ("get", "put", "post", "patch", "delete")


class Violation(AssertionError):
    """An answer that the description doesn't allow."""


class Contract:
    """docs/openapi.json, and which of its operations and statuses have been seen in answers."""

    def __init__(self):
        self.document = json.loads((ROOT / "docs" / "openapi.json").read_text())
        self.seen: dict[str, set[int]] = collections.defaultdict(set)
        # Paths that are spelt out win over those with parameters, as the specification has it.
        self._paths = sorted(self.document["paths"], key=lambda path: path.count("{"))

    def operations(self) -> dict[str, dict]:
        return {item[method]["operationId"]: item[method]
                for item in self.document["paths"].values() for method in METHODS if method in item}

    def operation(self, method: str, path: str) -> dict | None:
        # An empty segment means the latest version, like a missing one.
        segments = [segment for segment in path.split("/") if segment]
        for template in self._paths:
            item = self.document["paths"][template]
            if method.lower() in item and _matches(template.strip("/").split("/"), segments):
                return item[method.lower()]
        return None

    def check(self, method: str, url: str, status: int, headers, body: bytes) -> None:
        """Raises Violation unless the answer is one that the description of the operation allows."""
        path = urllib.parse.urlsplit(url).path
        operation = self.operation(method, path)
        if operation is None:
            if status not in (401, 404, 405):
                raise Violation(f"{method} {path} isn't described, and was answered {status}: {body[:300]!r}")
            return
        self.seen[operation["operationId"]].add(status)
        response = self.resolve(operation["responses"].get(str(status)))
        if response is None:
            raise Violation(f"{method} {path}: status {status} isn't described: {body[:300]!r}")
        for problem in self._problems(response, {name.lower(): value for name, value in headers.items()}, body):
            raise Violation(f"{method} {path}, {status}: {problem}\n{body[:1000]!r}")

    def _problems(self, response: dict, headers: dict[str, str], body: bytes):
        for name, header in response.get("headers", {}).items():
            header = self.resolve(header)
            if name in headers:
                yield from (f"{name}: {error}" for error in self._errors(header["schema"], headers[name]))
            elif header["required"]:
                yield f"the header {name} is missing"
        content = response.get("content")
        if content is None:
            if body:
                yield "there should be no body"
            return
        if headers.get("content-type", "").split(";")[0] not in content:
            yield f"the content type is {headers.get('content-type')}"
            return
        try:
            value = json.loads(body)
        except ValueError as error:
            yield f"the body isn't JSON: {error}"
            return
        yield from self._errors(content["application/json"]["schema"], value)

    def resolve(self, value):
        while isinstance(value, dict) and "$ref" in value:
            value = functools.reduce(lambda place, name: place[name], value["$ref"][2:].split("/"), self.document)
        return value

    def _errors(self, schema: dict, value) -> list[str]:
        text = json.dumps(schema, sort_keys=True)
        if text not in self._validators:
            # Format assertions are checked too: a request id that is no UUID is a breach.
            self._validators[text] = jsonschema_rs.Draft202012Validator(
                {**schema, "components": self.document["components"]}, validate_formats=True)
        return [f"{error.instance_path}: {error.message}" for error in self._validators[text].iter_errors(value)]

    _validators: dict[str, jsonschema_rs.Draft202012Validator] = {}


def _matches(template: list[str], segments: list[str]) -> bool:
    if len(template) != len(segments):
        return False
    return all(part.startswith("{") or part.lower() == segment.lower() for part, segment in zip(template, segments))


class CheckedTransport(RequestsTransport):
    """The transport that the clients use anyway; each answer is held against the description."""

    def __init__(self, contract: Contract, authority: str):
        super().__init__(connection_verify=authority)
        self._contract = contract

    def send(self, request, **options):
        response = super().send(request, **options)
        # Some clients ask for their answers as streams.
        body = response.read() if hasattr(response, "read") else response.content
        self._contract.check(request.method, request.url, response.status_code, response.headers, body)
        return response


class CheckedAsyncTransport(AioHttpTransport):
    """The same for the asynchronous clients."""

    def __init__(self, contract: Contract, authority: str):
        super().__init__(connection_verify=authority)
        self._contract = contract

    async def send(self, request, **options):
        response = await super().send(request, **options)
        self._contract.check(request.method, request.url, response.status_code, response.headers, response.content)
        return response


def checked_client(contract: Contract, tls) -> httpx.Client:
    """For requests that no client library makes."""

    def check(response: httpx.Response) -> None:
        contract.check(
            response.request.method, str(response.request.url), response.status_code, response.headers, response.read())

    return httpx.Client(verify=tls, timeout=30, event_hooks={"response": [check]})
