# SPDX-License-Identifier: Apache-2.0
"""What the capture upstream says aloud: bytes that are no text, or events that hold them."""
import base64
import json

SOUND = b"ID3\x04\x00\xff\xfb\x90" + bytes(range(256)) * 64


def wants(request):
    return request.path.split("?")[0].endswith("/audio/speech") and isinstance(request.json, dict)


def events():
    for at in range(0, len(SOUND), 4096):
        yield {"type": "speech.audio.delta", "audio": base64.b64encode(SOUND[at:at + 4096]).decode()}
    yield {"type": "speech.audio.done", "usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}}


def answer(upstream, connection, body, behaviour, head):
    """head: the function that writes one."""
    if body.get("stream_format") == "sse":
        upstream.send_stream(connection, (b"data: " + json.dumps(e).encode() + b"\n\n" for e in events()), behaviour)
    elif behaviour["sound"] == "cut":
        connection.write(head(200, "audio/mpeg", f"content-length: {len(SOUND) * 2}", []) + SOUND, None)
        connection.socket.close()
    else:
        upstream.send(connection, 200, SOUND, behaviour, behaviour["sound"])
