// SPDX-License-Identifier: Apache-2.0
// The real openai-node: one job from standard input, its result as JSON on standard output.
// {url, key, model, text, mode: "plain" | "stream" | "tools" | "json" | "embeddings" | "models", ...body}
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

async function run() {
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
