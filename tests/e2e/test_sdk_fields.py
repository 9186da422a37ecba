# SPDX-License-Identifier: Apache-2.0
"""Every place of a request at which the SDKs of OpenAI and Anthropic know a text: an identifier there is searched, or the request is
refused. With `unscannable: allow`, so that what cannot be read hides nothing of what can."""
import http.client
import json

import pytest

from planting import PLANT, plant_everywhere
from sdk_fields import bodies

POLICY = "id: open\nversion: 1\ndescription: Lets pass what cannot be read.\nextends: minimum-necessary\nunscannable: allow\nspeech: mask\nend: open\n"


def types():
    from anthropic.types import message_count_tokens_params, message_create_params
    from openai.types import batch_create_params, completion_create_params, embedding_create_params, image_generate_params, \
        moderation_create_params
    from openai.types.chat import completion_create_params as chat
    from openai.types.responses import input_token_count_params, response_compact_params, response_create_params
    from openai.types.audio import speech_create_params
    return {"/v1/chat/completions": (chat.CompletionCreateParams, 200), "/v1/responses": (response_create_params.ResponseCreateParams, 1000),
            "/v1/responses/input_tokens": (input_token_count_params.InputTokenCountParams, 500),
            "/v1/responses/compact": (response_compact_params.ResponseCompactParams, 400),
            "/v1/completions": (completion_create_params.CompletionCreateParams, 10),
            "/v1/embeddings": (embedding_create_params.EmbeddingCreateParams, 4),
            "/v1/moderations": (moderation_create_params.ModerationCreateParams, 4),
            "/v1/images/generations": (image_generate_params.ImageGenerateParams, 8),
            "/v1/audio/speech": (speech_create_params.SpeechCreateParams, 5),
            "/v1/batches": (batch_create_params.BatchCreateParams, 3),
            "/v1/messages": (message_create_params.MessageCreateParams, 200),
            "/v1/messages/count_tokens": (message_count_tokens_params.MessageCountTokensParams, 200)}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    from conftest import Gateway
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port, policy="open.yaml")
    g.write("open.yaml", POLICY)
    g.start()
    yield g
    assert g.stop() == 0, g.log_text()


def post(connection, key, path, body):
    connection.request("POST", path, json.dumps(body), {"authorization": "Bearer " + key, "content-type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("path", list(types()))
def test_no_place_is_left_out(gateway, upstream, path):
    kind, least = types()[path]
    upstream.behave("*", status=400)  # what it answers is of no interest
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)

    def send(body):
        return post(connection, gateway.keys["first"], path, {"model": "capture", **body} if path != "/v1/batches" else body)[0]
    n, forwarded = plant_everywhere(upstream, path, bodies(kind, PLANT), send)
    assert n >= least
    assert path == "/v1/batches" or forwarded > n // 4  # refusing everything is no proof


def test_the_places_exist(gateway, upstream):
    """An ordinary word at each of them arrives, where it is not a name by its place (a city)."""
    upstream.behave("*", status=400)
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    arrived = 0
    for _, body in bodies(types()["/v1/chat/completions"][0], "zebra"):
        upstream.clear()
        post(connection, gateway.keys["first"], "/v1/chat/completions", {**body, "model": "capture"})
        arrived += b"zebra" in upstream.received
    assert arrived > 200
