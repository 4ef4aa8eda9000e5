"""The official Python client against a running server (PARLEY_URL, PARLEY_KEY)."""

import base64
import json
import math
import os
import struct

import httpx
import openai
import openapi_spec_validator
import pytest

URL, KEY = os.environ["PARLEY_URL"], os.environ["PARLEY_KEY"]
CHAT, EMBED = "smollm2-135m-instruct", "all-minilm-l6-v2"
ASK = [{"role": "user", "content": "Say hello in one short sentence."}]


@pytest.fixture
def client():
    return openai.OpenAI(base_url=URL + "/v1", api_key=KEY, max_retries=0)


def test_chat(client):
    r = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=24, temperature=0)
    assert r.object == "chat.completion" and r.choices[0].message.role == "assistant"
    assert r.choices[0].message.content.strip()
    assert r.choices[0].finish_reason in ("stop", "length")
    assert r.usage.prompt_tokens > 5 and r.usage.completion_tokens > 0
    assert r.usage.total_tokens == r.usage.prompt_tokens + r.usage.completion_tokens
    assert r.usage.prompt_tokens_details.cached_tokens >= 0


def test_stream_with_usage_says_the_same(client):
    whole = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=24, temperature=0)
    chunks = list(client.chat.completions.create(
        model=CHAT, messages=ASK, max_tokens=24, temperature=0, stream=True, stream_options={"include_usage": True}))
    assert len({c.id for c in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert all(c.usage is None for c in chunks[:-1])
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason


def test_stream_without_usage_has_none(client):
    chunks = list(client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=4, stream=True))
    assert all(c.usage is None for c in chunks) and all(len(c.choices) == 1 for c in chunks)


def test_n_seed_stop_and_length(client):
    r = client.chat.completions.create(model=CHAT, messages=ASK, n=3, seed=7, temperature=1.0, max_tokens=12)
    assert [c.index for c in r.choices] == [0, 1, 2]
    assert len({c.message.content for c in r.choices}) > 1
    one = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Count from one to ten in words."}], temperature=0, max_tokens=60)
    word = one.choices[0].message.content.split()[3]
    cut = client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Count from one to ten in words."}], temperature=0, max_tokens=60, stop=[word])
    assert word not in cut.choices[0].message.content and cut.choices[0].finish_reason == "stop"
    assert one.choices[0].message.content.startswith(cut.choices[0].message.content)
    short = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=2)
    assert short.choices[0].finish_reason == "length" and short.usage.completion_tokens == 2


def test_logprobs(client):
    r = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=5, temperature=0, logprobs=True, top_logprobs=3)
    tokens = r.choices[0].logprobs.content
    assert len(tokens) == r.usage.completion_tokens or len(tokens) == r.usage.completion_tokens - 1
    for t in tokens:
        assert t.logprob <= 0 and len(t.top_logprobs) == 3
        assert t.top_logprobs[0].logprob >= t.top_logprobs[1].logprob
        assert math.isclose(t.top_logprobs[0].logprob, t.logprob, abs_tol=1e-4)  # greedy takes the best
        assert bytes(t.bytes)


def test_logit_bias_bans_a_token(client):
    first = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=1, temperature=0, logprobs=True, top_logprobs=1)
    assert first.choices[0].message.content
    r = client.chat.completions.create(model=CHAT, messages=ASK, max_tokens=3, temperature=0, logit_bias={str(i): -100 for i in range(1000, 1100)})
    assert r.choices[0].finish_reason in ("stop", "length")


PERSON = {"type": "object", "additionalProperties": False, "required": ["name", "age", "role"], "properties": {
    "name": {"type": "string", "maxLength": 40}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
    "role": {"enum": ["user", "admin"]}}}
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "additionalProperties": False, "required": ["city", "days"], "properties": {
        "city": {"type": "string", "maxLength": 30}, "days": {"type": "integer", "minimum": 1, "maximum": 9}}}}}


def fits_person(text):
    p = json.loads(text)
    assert list(p) == ["name", "age", "role"] and len(p["name"]) <= 40 and 0 <= p["age"] <= 120 and p["role"] in ("user", "admin")


def test_json_schema(client):
    ask = dict(model=CHAT, messages=[{"role": "user", "content": "Invent a person."}], temperature=1, max_tokens=200,
               response_format={"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}})
    for seed in range(3):
        r = client.chat.completions.create(seed=seed, **ask)
        assert r.choices[0].finish_reason == "stop"
        fits_person(r.choices[0].message.content)
    fits_person("".join(c.choices[0].delta.content or "" for c in client.chat.completions.create(seed=9, stream=True, **ask)))


def test_json_object(client):
    r = client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "Describe a cat as JSON."}], seed=1,
                                       temperature=0.7, max_tokens=300, response_format={"type": "json_object"})
    if r.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(r.choices[0].message.content), dict)
    else:
        assert r.choices[0].finish_reason == "length" and r.choices[0].message.content.startswith("{")


def check_weather(call):
    args = json.loads(call.function.arguments)
    assert call.function.name == "get_weather" and 1 <= args["days"] <= 9 and len(args["city"]) <= 30


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_forced_tool_call_and_round_trip(client, choice):
    ask = [{"role": "user", "content": "How is the weather in Oslo over the next 3 days?"}]
    r = client.chat.completions.create(model=CHAT, messages=ask, tools=[WEATHER], tool_choice=choice, parallel_tool_calls=False,
                                       temperature=1, seed=3, max_tokens=200)
    m = r.choices[0].message
    assert r.choices[0].finish_reason == "tool_calls" and m.content is None and len(m.tool_calls) == 1
    assert m.tool_calls[0].id and m.tool_calls[0].type == "function"
    check_weather(m.tool_calls[0])
    again = client.chat.completions.create(model=CHAT, tools=[WEATHER], tool_choice="none", max_tokens=40, temperature=0, messages=[
        *ask, m, {"role": "tool", "tool_call_id": m.tool_calls[0].id, "content": "It rains all day, 4 degrees."}])
    assert again.choices[0].message.content.strip() and again.choices[0].message.tool_calls is None


def test_forced_tool_call_streamed(client):
    chunks = list(client.chat.completions.create(
        model=CHAT, messages=[{"role": "user", "content": "Weather in Rome for 2 days?"}], tools=[WEATHER], stream=True,
        tool_choice={"type": "function", "function": {"name": "get_weather"}}, temperature=1, seed=5, max_tokens=200))
    parts = [t for c in chunks for t in c.choices[0].delta.tool_calls or []]
    assert parts[0].id and parts[0].type == "function" and parts[0].function.name == "get_weather"
    assert all(p.id is None and p.type is None and p.function.name is None and p.index == 0 for p in parts[1:]) and len(parts) > 2
    args = json.loads("".join(p.function.arguments for p in parts))
    assert 1 <= args["days"] <= 9 and len(args["city"]) <= 30
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_models(client):
    ids = [m.id for m in client.models.list()]
    assert CHAT in ids and EMBED in ids
    assert client.models.retrieve(CHAT).id == CHAT
    with pytest.raises(openai.NotFoundError) as e:
        client.models.retrieve("no/such-model")
    assert e.value.code == "model_not_found"


def test_embeddings_float_and_base64(client):
    texts = ["The cat sits on the mat.", "A cat is sitting on a rug.", "Interest rates rose again."]
    plain = client.embeddings.create(model=EMBED, input=texts, encoding_format="float")
    default = client.embeddings.create(model=EMBED, input=texts)  # the client asks for base64 and decodes it
    for a, b in zip(plain.data, default.data):
        assert len(a.embedding) == 384 and all(math.isclose(x, y, abs_tol=1e-6) for x, y in zip(a.embedding, b.embedding))
        assert math.isclose(sum(x * x for x in a.embedding), 1, abs_tol=1e-3)
    dot = lambda i, j: sum(x * y for x, y in zip(plain.data[i].embedding, plain.data[j].embedding))
    assert dot(0, 1) > dot(0, 2) + 0.3
    assert default.usage.prompt_tokens > 10
    raw = httpx.post(URL + "/v1/embeddings", headers={"Authorization": "Bearer " + KEY},
                     json={"input": texts[0], "encoding_format": "base64"}, timeout=60).json()
    floats = struct.unpack("<384f", base64.b64decode(raw["data"][0]["embedding"]))
    assert all(math.isclose(x, y, abs_tol=1e-4) for x, y in zip(floats, plain.data[0].embedding))


def test_typed_errors(client):
    with pytest.raises(openai.AuthenticationError) as e:
        openai.OpenAI(base_url=URL + "/v1", api_key="wrong", max_retries=0).models.list()
    assert e.value.status_code == 401 and e.value.type == "authentication_error"
    with pytest.raises(openai.NotFoundError) as e:
        client.chat.completions.create(model="nope", messages=ASK)
    assert e.value.code == "model_not_found" and e.value.param == "model"
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=ASK, temperature=9)
    assert e.value.param == "temperature"
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=[])
    assert e.value.param == "messages"
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "word " * 20000}])
    assert e.value.code == "context_length_exceeded" and e.value.param == "messages"
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=ASK, tools=[{"type": "function", "function": {"name": "no spaces"}}])
    assert e.value.param == "tools[0].function.name"
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=ASK, response_format={"type": "json_schema", "json_schema": {
            "name": "n", "schema": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 2}}})
    assert e.value.code == "schema_not_supported" and "uniqueItems" in e.value.message
    with pytest.raises(openai.BadRequestError) as e:
        client.embeddings.create(model=EMBED, input="word " * 5000)
    assert e.value.code == "context_length_exceeded"
    with pytest.raises(openai.BadRequestError) as e:
        client.embeddings.create(model=EMBED, input="x", dimensions=7)
    assert e.value.param == "dimensions"


def test_too_long_prompt_fails_as_a_stream_too(client):
    with pytest.raises(openai.BadRequestError) as e:
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "word " * 20000}], stream=True)
    assert e.value.code == "context_length_exceeded"


def test_the_api_describes_itself():
    doc = httpx.get(URL + "/openapi.json").json()
    assert doc["openapi"].startswith("3.1")
    openapi_spec_validator.validate(doc)
    paths = doc["paths"]
    assert "post" in paths["/v1/chat/completions"] and "get" in paths["/v1/messages/{id}/events"]
    page = httpx.get(URL + "/docs").text
    assert all(path in page for path in paths)


def test_idempotency_key(client):
    ask = dict(model=CHAT, messages=ASK, max_tokens=16, temperature=1.5, extra_headers={"Idempotency-Key": "py-" + os.urandom(8).hex()})
    first, second = client.chat.completions.create(**ask), client.chat.completions.create(**ask)
    assert first.id == second.id and first.choices[0].message.content == second.choices[0].message.content
    with pytest.raises(openai.ConflictError) as e:
        client.chat.completions.create(**{**ask, "max_tokens": 17})
    assert e.value.code == "idempotency_key_reused"


def test_deadline(client):
    with pytest.raises(openai.InternalServerError) as e:
        client.chat.completions.create(model=CHAT, messages=[{"role": "user", "content": "Write a very long story."}],
                                       extra_headers={"X-Request-Timeout": "0.05"})
    assert e.value.status_code == 504 and e.value.code == "deadline_exceeded"


RULES = "# Rules\n\nShips over eighty metres need a pilot.\n\nA berth costs twenty euros a night.\n"


def test_files_and_vector_stores(client):
    file = client.files.create(file=("rules.md", RULES.encode()), purpose="assistants")
    assert file.bytes == len(RULES) and file.filename == "rules.md" and file.id in [f.id for f in client.files.list()]
    assert client.files.content(file.id).read() == RULES.encode()
    store = client.vector_stores.create(name="Harbour", metadata={"team": "port"})
    added = client.vector_stores.files.create_and_poll(vector_store_id=store.id, file_id=file.id, attributes={"year": 2026})
    assert added.status == "completed" and added.attributes == {"year": 2026}
    more = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("old.xls", bytes.fromhex("d0cf11e0a1b11ae1")))
    assert more.status == "failed" and more.last_error.code == "unsupported_file" and ".xlsx" in more.last_error.message
    assert client.vector_stores.retrieve(store.id).file_counts.completed == 1
    assert [f.id for f in client.vector_stores.files.list(store.id, filter="completed")] == [file.id]
    found = client.vector_stores.search(store.id, query="Who needs a pilot?", max_num_results=3).data
    assert found[0].file_id == file.id and "pilot" in found[0].content[0].text and found[0].attributes == {"year": 2026}
    recent = {"type": "gte", "key": "year", "value": 2026}
    assert len(client.vector_stores.search(store.id, query="pilot", filters=recent).data) == len(found)
    assert client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"year": 2025}).attributes == {"year": 2025}
    assert client.vector_stores.search(store.id, query="pilot", filters=recent).data == []
    text = "".join(part.text for part in client.vector_stores.files.content(file.id, vector_store_id=store.id))
    assert text == RULES
    renamed = client.vector_stores.update(store.id, name="Port")
    assert renamed.name == "Port" and renamed.metadata == {"team": "port"}
    assert client.vector_stores.files.delete(file.id, vector_store_id=store.id).deleted
    assert client.vector_stores.search(store.id, query="pilot").data == []
    notes = [(f"note-{i}.txt", f"Berth {i} is free.".encode()) for i in range(3)]
    batch = client.vector_stores.file_batches.upload_and_poll(vector_store_id=store.id, files=notes, file_ids=[file.id])
    assert batch.status == "completed" and batch.file_counts.completed == batch.file_counts.total == 4
    assert file.id in [f.id for f in client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)]
    assert client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id).file_counts.completed == 4
    assert client.vector_stores.delete(store.id).deleted and client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.retrieve(store.id)
    with pytest.raises(openai.BadRequestError) as e:
        client.files.create(file=("a.txt", b"x"), purpose="fine-tune")
    assert e.value.param == "purpose"
