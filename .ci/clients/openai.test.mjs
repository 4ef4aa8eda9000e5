// The official JavaScript client, and the native API over SSE and WebSocket, against a running server
// (PARLEY_URL, PARLEY_KEY).
import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";
import WebSocket from "ws";

const { PARLEY_URL: url, PARLEY_KEY: apiKey } = process.env;
const client = new OpenAI({ baseURL: url + "/v1", apiKey, maxRetries: 0 });
const model = "smollm2-135m-instruct";
const messages = [{ role: "user", content: "Say hello in one short sentence." }];
const auth = { Authorization: "Bearer " + apiKey, "Content-Type": "application/json" };

test("chat, whole and streamed with usage", async () => {
  const whole = await client.chat.completions.create({ model, messages, max_tokens: 24, temperature: 0 });
  let text = "", usage = null;
  const stream = await client.chat.completions.create({
    model, messages, max_tokens: 24, temperature: 0, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0].message.content);
  assert.deepEqual(usage, whole.usage);
});

test("base64 embeddings, models and typed errors", async () => {
  const r = await client.embeddings.create({ model: "all-minilm-l6-v2", input: ["one", "two"] });
  assert.equal(r.data.length, 2);
  assert.equal(r.data[0].embedding.length, 384);
  const ids = [];
  for await (const m of client.models.list()) ids.push(m.id);
  assert.ok(ids.includes(model));
  await assert.rejects(new OpenAI({ baseURL: url + "/v1", apiKey: "wrong", maxRetries: 0 }).models.list(), OpenAI.AuthenticationError);
  await assert.rejects(client.chat.completions.create({ model: "nope", messages }), OpenAI.NotFoundError);
  await assert.rejects(client.chat.completions.create({ model, messages: "text" }), (e) => e instanceof OpenAI.BadRequestError && e.param === "messages");
  await assert.rejects(
    client.chat.completions.create({ model, messages: [{ role: "user", content: "word ".repeat(20000) }] }),
    (e) => e instanceof OpenAI.BadRequestError && e.code === "context_length_exceeded");
});

const schema = { type: "object", additionalProperties: false, required: ["title", "stars"], properties: {
  title: { type: "string", maxLength: 40 }, stars: { type: "integer", minimum: 1, maximum: 5 } } };
const fits = (text) => {
  const v = JSON.parse(text);
  assert.deepEqual(Object.keys(v), ["title", "stars"]);
  assert.ok(v.title.length <= 40 && Number.isInteger(v.stars) && v.stars >= 1 && v.stars <= 5, text);
};
const review = { type: "function", function: { name: "save_review", description: "Saves a review of a film.", parameters: schema } };
const film = [{ role: "user", content: "Review a film about the sea." }];

test("JSON by a schema, whole and streamed", async () => {
  const ask = { model, messages: film, temperature: 1, seed: 4, max_tokens: 160,
    response_format: { type: "json_schema", json_schema: { name: "review", strict: true, schema } } };
  const whole = await client.chat.completions.parse(ask);
  assert.equal(whole.choices[0].finish_reason, "stop");
  fits(whole.choices[0].message.content);
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) text += chunk.choices[0].delta.content ?? "";
  fits(text);
  await assert.rejects(client.chat.completions.create({ ...ask, response_format: { type: "json_schema", json_schema: { name: "n",
    schema: { type: "array", items: { type: "string" }, uniqueItems: true, minItems: 2 } } } }),
    (e) => e instanceof OpenAI.BadRequestError && e.code === "schema_not_supported" && /uniqueItems/.test(e.message));
});

test("a forced call, whole and streamed, and its result", async () => {
  const ask = { model, messages: film, tools: [review], temperature: 1, seed: 6, max_tokens: 200,
    tool_choice: { type: "function", function: { name: "save_review" } } };
  const whole = await client.chat.completions.create(ask);
  const { message, finish_reason } = whole.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.content, null);
  fits(message.tool_calls[0].function.arguments);
  const runner = client.chat.completions.stream(ask); // the client's own gathering of the parts
  const streamed = await runner.finalChatCompletion();
  assert.equal(streamed.choices[0].finish_reason, "tool_calls");
  assert.equal(streamed.choices[0].message.tool_calls[0].function.name, "save_review");
  fits(streamed.choices[0].message.tool_calls[0].function.arguments);
  const next = await client.chat.completions.create({ model, tools: [review], max_tokens: 30, temperature: 0, tool_choice: "none",
    messages: [...film, message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "Saved." }] });
  assert.ok(next.choices[0].message.content.trim());
});

test("an aborted stream frees its slot", async () => {
  for (let i = 0; i < 12; i++) {
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 400, stream: true });
    for await (const _ of stream) { stream.controller.abort(); break; }
  }
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.chat.completions.create({ model, messages, max_tokens: 4 })));
  assert.equal(answers.length, 8);
});

// events reads server-sent events until the stream ends or take says stop.
async function events(res, take = () => true) {
  const list = [];
  let buffer = "";
  const decoder = new TextDecoder();
  for await (const bytes of res.body) {
    buffer += decoder.decode(bytes, { stream: true });
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const id = /^id: (.*)$/m.exec(block)?.[1], data = /^data: (.*)$/m.exec(block)?.[1];
      if (!data) continue;
      list.push({ id, ...JSON.parse(data) });
      if (!take(list.at(-1))) return list;
    }
  }
  return list;
}
const joined = (list) => list.map((e) => e.delta ?? "").join("");

test("the native stream resumes with Last-Event-ID and is kept", async () => {
  const abort = new AbortController();
  const res = await fetch(url + "/v1/chat.completions", { method: "POST", headers: auth, signal: abort.signal,
    body: JSON.stringify({ messages: [{ role: "user", content: "Write three sentences about the sea." }], params: { max_tokens: 80, seed: 1 } }) });
  let deltas = 0;
  const first = await events(res, (e) => !e.delta || ++deltas < 5);
  abort.abort();
  const start = first[0].start;
  assert.ok(start.conversation_id && start.message_id && start.user_message_id);
  const rest = await events(await fetch(`${url}/v1/messages/${start.message_id}/events`, { headers: { ...auth, "Last-Event-ID": first.at(-1).id } }));
  assert.ok(rest.at(-1).done, JSON.stringify(rest.at(-1)));
  const tree = await (await fetch(`${url}/v1/conversations/${start.conversation_id}/messages`, { headers: auth })).json();
  assert.equal(tree.data.length, 2);
  assert.equal(tree.data[1].text, joined(first) + joined(rest));
  assert.equal(tree.data[1].status, "complete");
});

test("WebSocket: turn, resume on another socket, cancel, ping, bad frames", async () => {
  const open = () => new Promise((ok, fail) => {
    const ws = new WebSocket(url.replace("http", "ws") + "/v1/ws", { headers: { Authorization: auth.Authorization } });
    const inbox = [], waiting = [];
    ws.on("message", (data) => {
      const m = JSON.parse(data);
      const i = waiting.findIndex((w) => w.want(m));
      inbox.push(m);
      if (i >= 0) waiting.splice(i, 1)[0].ok(m);
    });
    ws.until = (want) => new Promise((ok) => { const m = inbox.find(want); m ? ok(m) : waiting.push({ want, ok }); });
    ws.inbox = inbox;
    ws.say = (m) => ws.send(typeof m === "string" ? m : JSON.stringify(m));
    ws.on("open", () => ok(ws));
    ws.on("error", fail);
  });
  const ws = await open();
  ws.say({ type: "ping", ref: "p" });
  await ws.until((m) => m.type === "pong" && m.ref === "p");
  ws.say("not json");
  await ws.until((m) => m.error?.code === "invalid_request");
  ws.say({ type: "turn", ref: "1", messages: [{ role: "user", content: "Write three sentences about trains." }], params: { max_tokens: 60 } });
  const { start } = await ws.until((m) => m.start);
  const third = await ws.until((m) => m.delta && +m.id.split(".")[1] >= 4);
  const head = ws.inbox.filter((m) => m.delta && +m.id.split(".")[1] <= +third.id.split(".")[1]);
  ws.terminate();
  const again = await open();
  again.say({ type: "resume", ref: "r", after: third.id });
  await again.until((m) => m.done);
  const tree = await (await fetch(`${url}/v1/conversations/${start.conversation_id}/messages`, { headers: auth })).json();
  assert.equal(tree.data[1].text, joined(head) + joined(again.inbox));

  again.say({ type: "turn", ref: "2", messages: [{ role: "user", content: "Write a very long story." }] });
  await again.until((m) => m.ref === "2" && m.delta);
  again.say({ type: "cancel", ref: "2" });
  const { done } = await again.until((m) => m.ref === "2" && m.done);
  assert.equal(done.partial, true);
  again.close();
});

test("a page of another origin may not open a WebSocket", async () => {
  const ws = new WebSocket(url.replace("http", "ws") + "/v1/ws", { headers: { Authorization: auth.Authorization, Origin: "https://evil.example" } });
  const status = await new Promise((ok) => { ws.on("unexpected-response", (_, res) => ok(res.statusCode)); ws.on("open", () => ok(101)); ws.on("error", () => {}); });
  assert.equal(status, 403);
});
