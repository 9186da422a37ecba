// SPDX-License-Identifier: Apache-2.0
// The real openai-node: one job from standard input, its result as JSON on standard output.
// {url, key, model, text, mode: "plain" | "stream" | "tools" | "json" | "embeddings" | "models" | "responses" | "moderations", ...body}
// Other clients: mode "anthropic" | "ai" | "ai-chat" | "ai-compatible" | "ai-anthropic" | "langchain" | "ollama" | "genai"; each says the
// text of a whole answer and of a stream, and what it made of a tool call where it has one.
import OpenAI from "openai";

const job = JSON.parse(await new Response(process.stdin).text());
const client = new OpenAI({ baseURL: job.url, apiKey: job.key, maxRetries: job.retries ?? 0 });
const body = { model: job.model, messages: [{ role: "user", content: job.text }], ...job.body };

async function streamed() {
  const out = { contents: {}, arguments: {}, finish: {} };
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
    for (const choice of chunk.choices) {
      if (choice.delta.content) out.contents[choice.index] = (out.contents[choice.index] ?? "") + choice.delta.content;
      for (const call of choice.delta.tool_calls ?? [])
        out.arguments[call.index] = (out.arguments[call.index] ?? "") + (call.function?.arguments ?? "");
      if (choice.finish_reason) out.finish[choice.index] = choice.finish_reason;
    }
  }
  return out;
}

async function responses() {
  const given = { model: job.model, input: job.text, ...job.body };
  if (!job.body?.stream) {
    const answer = await client.responses.create(given);
    return { text: answer.output_text, output: answer.output };
  }
  const out = { deltas: "", done: null, completed: null, numbers: [] };
  for await (const event of await client.responses.create(given)) {
    out.numbers.push(event.sequence_number);
    if (event.type === "response.output_text.delta") out.deltas += event.delta;
    if (event.type === "response.output_text.done") out.done = event.text;
    if (event.type === "response.completed") out.completed = event.response.output.at(-1).content[0].text;
  }
  return out;
}

const origin = job.url.replace(/\/v1$/, "");
const ask = [{ role: "user", content: job.text }];
const schema = { type: "object", properties: { text: { type: "string" } }, required: ["text"], additionalProperties: false };

async function joined(stream, piece) {
  let text = "";
  for await (const chunk of stream) text += piece(chunk) ?? "";
  return text;
}

async function anthropic() {
  const { default: Anthropic } = await import("@anthropic-ai/sdk");
  const sdk = new Anthropic({ baseURL: origin, apiKey: job.key, authToken: null, maxRetries: 0 });
  const given = { model: job.model, max_tokens: 1024, messages: ask };
  const tools = [{ name: "lookup", description: "Finds a chart.", input_schema: schema }];
  const whole = await sdk.messages.create({ ...given, ...job.body });
  const stream = sdk.messages.stream(given);
  let pieces = "";
  stream.on("text", (piece) => (pieces += piece));
  const final = await stream.finalMessage();
  const used = await sdk.messages.stream({ ...given, tools }).finalMessage();
  return { whole: whole.content[0].text, stream: pieces, final: final.content[0].text, tool: used.content[0].input.text };
}

async function vercel(provider) {
  const { generateText, streamText, jsonSchema, tool } = await import("ai");
  const named = { baseURL: job.url, apiKey: job.key, name: "phigate" };
  let model;
  if (provider === "ai-compatible") model = (await import("@ai-sdk/openai-compatible")).createOpenAICompatible(named)(job.model);
  else if (provider === "ai-anthropic") model = (await import("@ai-sdk/anthropic")).createAnthropic(named)(job.model);
  else if (provider === "ai-chat") model = (await import("@ai-sdk/openai")).createOpenAI(named).chat(job.model);
  else model = (await import("@ai-sdk/openai")).createOpenAI(named)(job.model);
  const given = { model, prompt: job.text, maxRetries: 0 };
  const whole = await generateText({ ...given, ...job.body });
  let failed = null;
  const stream = streamText({ ...given, onError: ({ error }) => (failed = error) });
  const pieces = await joined(stream.textStream, (piece) => piece);
  if (failed) throw failed;
  const tools = { lookup: tool({ description: "Finds a chart.", inputSchema: jsonSchema(schema) }) };
  const used = await generateText({ ...given, tools, toolChoice: "required" });
  return { whole: whole.text, stream: pieces, tool: used.toolCalls[0].input.text };
}

async function langchain() {
  const { ChatOpenAI } = await import("@langchain/openai");
  const chat = new ChatOpenAI({ model: job.model, apiKey: job.key, maxRetries: 0, configuration: { baseURL: job.url } });
  return { whole: (await chat.invoke(job.text)).content, stream: await joined(await chat.stream(job.text), (c) => c.content) };
}

async function ollama() {
  const { Ollama } = await import("ollama");
  const sdk = new Ollama({ host: origin, headers: { authorization: "Bearer " + job.key } });
  const whole = await sdk.chat({ model: job.model, messages: ask });
  const stream = await joined(await sdk.chat({ model: job.model, messages: ask, stream: true }), (c) => c.message.content);
  return { whole: whole.message.content, stream };
}

async function genai() {
  const { GoogleGenAI } = await import("@google/genai");
  const sdk = new GoogleGenAI({ apiKey: job.key, httpOptions: { baseUrl: origin } });
  const given = { model: job.model, contents: job.text };
  const whole = await sdk.models.generateContent(given);
  const stream = await joined(await sdk.models.generateContentStream(given), (c) => c.text);
  return { whole: whole.text, stream };
}

async function run() {
  if (job.mode === "anthropic") return anthropic();
  if (job.mode.startsWith("ai")) return vercel(job.mode);
  if (job.mode === "langchain") return langchain();
  if (job.mode === "ollama") return ollama();
  if (job.mode === "genai") return genai();
  if (job.mode === "responses") return responses();
  if (job.mode === "moderations") return (await client.moderations.create({ input: job.text })).results.length;
  if (job.mode === "stream") return streamed();
  if (job.mode === "embeddings") return (await client.embeddings.create({ model: job.model, input: job.text })).data.length;
  if (job.mode === "models") return (await client.models.list()).data.map((m) => m.id);
  const answer = await client.chat.completions.create(body);
  return answer.choices.map((c) => c.message);
}

try {
  console.log(JSON.stringify({ ok: await run() }));
} catch (e) {
  console.log(JSON.stringify({ error: { name: e.constructor.name, status: e.status ?? e.statusCode ?? e.status_code, code: e.code, param: e.param, message: e.message } }));
}
