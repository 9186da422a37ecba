# SPDX-License-Identifier: Apache-2.0
"""Runs under the Python of build/venv-llamaindex: {"url", "key", "note"} on standard input, what LlamaIndex heard as JSON on standard output."""
import json
import sys

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI, OpenAIResponses

told = json.load(sys.stdin)
note = told["note"]
where = {"api_base": told["url"], "api_key": told["key"], "max_retries": 0}
llm = OpenAI(model="gpt-4o", **where)
message = ChatMessage(role="user", content=note)
called = []


def keep(text: str) -> str:
    """Keeps a text."""
    called.append(text)
    return "kept"


heard = {
    "chat": llm.chat([ChatMessage(role="system", content="Repeat."), message]).message.content,
    "stream": "".join(r.delta or "" for r in llm.stream_chat([message])),
    "complete": llm.complete(note).text,
    "responses": OpenAIResponses(model="gpt-4o", **where).chat([message]).message.content,
    "vectors": len(OpenAIEmbedding(model="text-embedding-3-small", **where).get_text_embedding_batch([note, "Nobody here."])),
}
tool = FunctionTool.from_defaults(fn=keep)
answer = llm.chat_with_tools([tool], user_msg=note, tool_required=True)
for call in llm.get_tool_calls_from_response(answer):
    tool(**call.tool_kwargs)
print(json.dumps({**heard, "tool": called}))
