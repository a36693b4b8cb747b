// Drives the fetch of Node.js on the data plane, in the hands of somebody who wrote a few lines around it: no retries.

import { answer } from "./probing.mjs";

/** What those lines throw: the answer that was no success. */
class AnswerError extends Error {
  constructor(status, answered, requestId) {
    super(answered.error.message);
    Object.assign(this, { name: "AnswerError", status, code: answered.error.code, requestId });
  }
}

async function send(request, method, path = "", body = undefined) {
  const answered = await fetch(`${request.base_url}/api/v3/contents/generations/tasks${path}`, {
    method,
    headers: { Authorization: `Bearer ${request.api_key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(request.timeout_seconds * 1000),
  });
  const found = await answered.json();
  if (!answered.ok) {
    throw new AnswerError(answered.status, found, answered.headers.get("x-request-id"));
  }
  return found;
}

function query({ page_num, page_size, status, model, task_ids = [] }) {
  const named = { page_num, page_size, "filter.status": status, "filter.model": model };
  const given = Object.entries(named).filter(([, value]) => value !== undefined && value !== null);
  return new URLSearchParams([...given, ...task_ids.map((id) => ["filter.task_ids", id])]);
}

const operations = {
  async create(request) {
    const { text, ...parameters } = request.arguments;
    const { id } = await send(request, "POST", "", { ...parameters, content: [{ type: "text", text }] });
    return { id };
  },
  async get(request) {
    const { id, status, content, duration } = await send(request, "GET", `/${request.arguments.id}`);
    return { id, status, video_url: content?.video_url ?? null, duration: duration ?? null };
  },
  async list(request) {
    const { total, items } = await send(request, "GET", `?${query(request.arguments)}`);
    return { total, ids: items.map((task) => task.id) };
  },
  async delete(request) {
    return send(request, "DELETE", `/${request.arguments.id}`);
  },
};

function explain(error) {
  if (error instanceof AnswerError) {
    return { status: error.status, code: error.code, request_id: error.requestId };
  }
  // A lost connection is "fetch failed", and its cause says why.
  return error.cause ? { message: `${error.message}: ${error.cause.message}` } : {};
}

await answer((request) => operations[request.operation](request), explain);
