# SPDX-License-Identifier: Apache-2.0
"""What the capture upstream keeps: files, batches whose results are there at once, responses, conversations."""
import itertools
import json
import re
import threading
import urllib.parse

from capture_forms import form_of

FILES, BATCHES, RESPONSES = (re.compile(r"/v1/" + name + r"(?:/([\w-]+))?(/\w+)?$") for name in ("files", "batches", "responses"))
CONVERSATIONS = re.compile(r"/v1/conversations(?:/([\w-]+))?((?:/items)?(?:/[\w-]+)?)$")


class Store:
    def __init__(self):
        self.files, self.batches, self.responses, self.conversations = {}, {}, {}, {}
        self.waiting = {}
        self.cut = False  # files end in the middle
        self.numbers, self.lock = itertools.count(1), threading.Lock()

    def answer(self, request, behaviour):
        """(status, content type, body), or None: nothing that is kept."""
        path = request.path.split("?")[0]
        with self.lock:
            for pattern, act in ((FILES, self.on_file), (BATCHES, self.on_batch), (RESPONSES, self.on_response),
                                 (CONVERSATIONS, self.on_conversation)):
                if (m := pattern.match(path)):
                    document = act(request, m[1], (m[2] or "")[1:], behaviour)
                    if document is None:
                        return None
                    if isinstance(document, list):  # the events of a stream
                        return 200, "text/event-stream; charset=utf-8", document
                    if isinstance(document, bytes):
                        return 200, "application/octet-stream", document
                    return (404 if "error" in document and "id" not in document else 200), "application/json", json.dumps(document).encode()
        return None

    def new(self, word):
        return f"{word}{next(self.numbers):06d}"

    def missing(self):
        return {"error": {"message": "No such object", "type": "invalid_request_error", "param": None, "code": None}}

    def list(self, rows):
        ids = list(rows)
        return {"object": "list", "data": list(rows.values()), "first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None,
                "has_more": False}

    # ---- files ----

    def add_file(self, content, purpose, name):
        identifier = self.new("file-")
        self.files[identifier] = content
        return {"id": identifier, "object": "file", "bytes": len(content), "created_at": 1, "filename": name, "purpose": purpose,
                "status": "processed"}

    def file(self, identifier):
        return {"id": identifier, "object": "file", "bytes": len(self.files[identifier]), "created_at": 1, "filename": "file-1.jsonl",
                "purpose": "batch", "status": "processed"}

    def on_file(self, request, identifier, verb, _):
        if request.method == "POST" and not identifier:
            form = form_of(request)
            _, name, _, content = form.files[0]
            return self.add_file(content, form.one("purpose"), name)
        if not identifier:
            return self.list({i: self.file(i) for i in self.files})
        if identifier not in self.files:
            return self.missing()
        if request.method == "DELETE":
            del self.files[identifier]
            return {"id": identifier, "object": "file", "deleted": True}
        return self.files[identifier] if verb == "content" else self.file(identifier)

    # ---- batches ----

    def on_batch(self, request, identifier, verb, behaviour):
        if request.method == "POST" and not identifier:
            identifier, body = self.new("batch_"), request.json
            if body["input_file_id"] not in self.files:
                return self.missing()
            self.batches[identifier] = {
                "id": identifier, "object": "batch", "endpoint": body["endpoint"], "input_file_id": body["input_file_id"],
                "completion_window": body["completion_window"], "status": "validating", "created_at": 1, "metadata": body.get("metadata"),
                "output_file_id": None, "error_file_id": None, "errors": None}
            return self.batches[identifier]
        if not identifier:
            return self.list(self.batches)
        if identifier not in self.batches:
            return self.missing()
        batch = self.batches[identifier]
        if verb == "cancel":
            batch["status"] = "cancelling"
        elif batch["status"] == "validating":
            batch["status"] = "completed"
            batch["output_file_id"] = self.add_file(self.results(batch, behaviour), "batch_output", "out")["id"]
        return batch

    def results(self, batch, behaviour):
        from capture import Writer
        from capture_typed import Responses
        lines = []
        for n, line in enumerate(self.files[batch["input_file_id"]].splitlines()):
            row = json.loads(line)
            writer = Writer(row["body"], behaviour(row["body"]), said=row["url"] != "/v1/responses")
            body = Responses(writer).whole() if row["url"] == "/v1/responses" else json.loads(writer.whole())
            lines.append(json.dumps({"id": f"batch_req_{n}", "custom_id": row["custom_id"], "response": {
                "status_code": 200, "request_id": f"r{n}", "body": body}, "error": None}, ensure_ascii=bool(n % 2)))
        return ("\n".join(lines) + "\n").encode()

    # ---- responses ----

    def on_response(self, request, identifier, verb, behaviour):
        from capture import Writer
        from capture_typed import Responses
        if request.method == "POST" and not identifier:
            body = request.json
            if not isinstance(body, dict) or body.get("store", True) is False:
                return None
            if body.get("previous_response_id") and body["previous_response_id"] not in self.responses:
                return self.missing()
            if (talk := body.get("conversation")):
                talk = talk if isinstance(talk, str) else talk["id"]
                if talk not in self.conversations:
                    return self.missing()
                self.add_items(talk, body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}])
            if body.get("stream"):  # capture_typed tells it, under the one id that it knows
                self.responses["resp_capture"] = (Responses(Writer(body, behaviour(body), said=False)).whole(), body)
                return None
            said = Responses(Writer(body, behaviour(body), said=False)).whole()
            said["id"] = self.new("resp_")
            said["previous_response_id"] = body.get("previous_response_id")
            if talk:
                said["conversation"] = {"id": talk}
                self.add_items(talk, said["output"])
            self.responses[said["id"]] = (said, body)
            if body.get("background"):  # it is ready when it is asked for the second time
                self.waiting[said["id"]] = 1
                return self.unfinished(said, "queued")
            return said
        if identifier in ("compact", "input_tokens") or not identifier:
            return None
        if identifier not in self.responses:
            return self.missing()
        said, body = self.responses[identifier]
        if request.method == "DELETE":
            del self.responses[identifier]
            return {"id": identifier, "object": "response", "deleted": True}
        if verb == "input_items":
            given = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
            items = [{"id": f"msg_{i}", "type": "message", "status": "completed", "role": g["role"],
                      "content": [{"type": "input_text", "text": g["content"]}]} for i, g in enumerate(given)]
            return self.list({i["id"]: i for i in items})
        if verb == "cancel":
            self.waiting.pop(identifier, None)
            return self.unfinished(said, "cancelled")
        if self.waiting.get(identifier):
            self.waiting[identifier] -= 1
            return self.unfinished(said, "in_progress")
        return self.told_again(request, said, body, behaviour)

    def told_again(self, request, said, body, behaviour):
        from capture import Writer
        from capture_typed import Responses
        asked = urllib.parse.parse_qs(request.path.partition("?")[2])
        writer = Responses(Writer({**body, "include": asked.get("include[]", [])}, behaviour(body), said=False))
        if asked.get("stream") != ["true"]:
            return {**writer.whole(), "id": said["id"]} if asked else said
        after = int(asked.get("starting_after", ["0"])[0])
        return [f"event: {name}\ndata: {json.dumps(event)}\n\n".encode() for name, event in writer.events() if event["sequence_number"] > after]

    # ---- conversations ----

    def add_items(self, identifier, items):
        added = {}
        for item in items:
            given = {"type": "message", "status": "completed", **item}
            if isinstance(given.get("content"), str):
                given["content"] = [{"type": "input_text", "text": given["content"]}]
            given["id"] = self.new("msg_")
            added[given["id"]] = given
        self.conversations[identifier]["items"].update(added)
        return added

    def conversation(self, identifier):
        return {"id": identifier, "object": "conversation", "created_at": 1, "metadata": self.conversations[identifier]["metadata"]}

    def on_conversation(self, request, identifier, rest, _):
        if not identifier:
            identifier = self.new("conv_")
            self.conversations[identifier] = {"metadata": request.json.get("metadata") or {}, "items": {}}
            self.add_items(identifier, request.json.get("items") or [])
            return self.conversation(identifier)
        if identifier not in self.conversations:
            return self.missing()
        items = self.conversations[identifier]["items"]
        if rest == "items":
            return self.list(self.add_items(identifier, request.json["items"]) if request.method == "POST" else items)
        if rest:
            item = rest.split("/")[-1]
            if item not in items:
                return self.missing()
            if request.method == "GET":
                return items[item]
            del items[item]
        elif request.method == "POST":
            self.conversations[identifier]["metadata"] = request.json["metadata"]
        elif request.method == "DELETE":
            del self.conversations[identifier]
            return {"id": identifier, "object": "conversation.deleted", "deleted": True}
        return self.conversation(identifier)

    def unfinished(self, said, status):
        return {**said, "status": status, "background": True, "output": []}
