// SPDX-License-Identifier: Apache-2.0
// The real openai-node: one job from standard input, its result as JSON on standard output.
// {url, key, model, text, mode: "plain" | "stream" | "tools" | "json" | "embeddings" | "models" | "responses" | "moderations", ...body}
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

async function run() {
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
  console.log(JSON.stringify({ error: { name: e.constructor.name, status: e.status, code: e.code, param: e.param, message: e.message } }));
}
