// SPDX-License-Identifier: Apache-2.0
// A small real model on the loopback address behind OpenAI's /v1/completions and /v1/chat/completions, whole and in streams. What it is
// asked it also appends to a file, so that a test sees what arrived. node server.mjs MODEL PORT LOG
import { appendFileSync } from "node:fs";
import { createServer } from "node:http";
import { getLlama, LlamaCompletion } from "node-llama-cpp";

const [model_path, port, log] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 2 });
const model = await llama.loadModel({ modelPath: model_path });
const context = await model.createContext({ contextSize: 1024 });
const completion = new LlamaCompletion({ contextSequence: context.getSequence() });
let turn = Promise.resolve(); // one after another: there is one sequence

function prompt_of(body) {
  if (body.prompt !== undefined) return String(body.prompt);
  const said = body.messages.map((m) => `${m.role}: ${typeof m.content === "string" ? m.content : m.content.map((p) => p.text).join("\n")}`);
  return said.join("\n") + "\nassistant:";
}

function choice(chat, text, stream, finish) {
  if (!chat) return { index: 0, text, logprobs: null, finish_reason: finish };
  return { index: 0, [stream ? "delta" : "message"]: finish && stream ? {} : { role: "assistant", content: text }, finish_reason: finish };
}

async function answer(request, response, raw) {
  const body = JSON.parse(raw), chat = body.messages !== undefined;
  appendFileSync(log, raw + "\n");
  const base = { id: "cmpl-model", created: 1700000000, model: body.model };
  const given = { maxTokens: body.max_tokens ?? 96, temperature: 0, customStopTriggers: [].concat(body.stop ?? []) };
  if (!body.stream) {
    const text = await completion.generateCompletion(prompt_of(body), given);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...base, object: chat ? "chat.completion" : "text_completion", choices: [choice(chat, text, false, "stop")],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const event = (text, finish) => response.write(`data: ${JSON.stringify({ ...base, object: chat ? "chat.completion.chunk" : "text_completion",
    choices: [choice(chat, text, true, finish)] })}\n\n`);
  await completion.generateCompletion(prompt_of(body), { ...given, onTextChunk: (text) => event(text, null) });
  event("", "stop");
  response.end("data: [DONE]\n\n");
}

createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    turn = turn.then(() => answer(request, response, Buffer.concat(pieces).toString())).catch((e) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: e.name, type: "server_error", param: null, code: null } }));
    });
  });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
