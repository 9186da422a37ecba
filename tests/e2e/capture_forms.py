# SPDX-License-Identifier: Apache-2.0
"""Forms as the capture upstream reads them, with Python's own reader of MIME, and its answers to them."""
import email.parser
import email.policy
import json


class Form:
    """The fields by name, each a list; files: (field, file name, type, bytes)."""

    def __init__(self, request):
        head = "content-type: " + request.header("content-type")[0] + "\r\n\r\n"
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head.encode() + request.body)
        self.fields, self.files = {}, []
        for part in message.iter_parts():
            name, data = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if part.get_filename() is None:
                self.fields.setdefault(name, []).append(data.decode())
            else:
                self.files.append((name, part.get_filename(), part.get_content_type(), data))

    def one(self, name, otherwise=None):
        return self.fields.get(name, [otherwise])[0]


def form_of(request):
    kind = (request.header("content-type") or [""])[0]
    return Form(request) if kind.startswith("multipart/form-data") else None


def answer(path, form, writer):
    """(content type, body) or (content type, list of events) of a form."""
    from capture import cut
    path = path.split("?")[0]
    if "/audio/" in path:
        text = "Heard: " + form.one("prompt", "")
        kind = form.one("response_format", "json")
        if form.one("stream") == "true":
            events = [{"type": "transcript.text.delta", "delta": p} for p in cut(text, writer.b["pieces"])]
            return "text/event-stream", [*events, {"type": "transcript.text.done", "text": text}]
        if kind in ("text", "srt", "vtt"):
            return "text/plain; charset=utf-8", text.encode() + b"\n"
        more = {"segments": [{"id": 0, "text": text, "tokens": [1], "start": 0, "end": 1}], "words": [], "duration": 1.0,
                "language": "en"} if kind == "verbose_json" else {}
        return "application/json", writer.dump({"text": text, **more})
    if form.one("stream") == "true":
        return "text/event-stream", [{"type": "image_edit.completed", "b64_json": "aGVsbG8=", "created_at": 1}]
    return "application/json", json.dumps({"created": 1, "data": [
        {"b64_json": "aGVsbG8=", "revised_prompt": form.one("prompt", "")}]}).encode()
