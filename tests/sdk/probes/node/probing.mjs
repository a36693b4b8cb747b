// How a probe is asked and answers: one JSON object in, one out.

import { text } from "node:stream/consumers";

/**
 * Makes the call that standard input asks for, and prints what its SDK returned or threw.
 *
 * @param call makes it, and returns the result as JSON.
 * @param explain returns class, status, code, message and request_id of what the SDK threw, so far as it tells them.
 */
export async function answer(call, explain) {
  const request = JSON.parse(await text(process.stdin));
  let told;
  try {
    told = { ok: true, result: await call(request) };
  } catch (error) {
    if (error instanceof BrokenProbe) {
      throw error;
    }
    const unknown = { class: error.name, status: null, code: null, message: error.message, request_id: null };
    told = { ok: false, error: { ...unknown, ...explain(error) } };
  }
  console.log(JSON.stringify(told));
}

/** The probe was asked for what its SDK cannot do. */
export class BrokenProbe extends Error {}

/** Returns the error in the platform's envelope, or nothing when there is none. */
export function explainEnvelope(body) {
  const metadata = body?.ResponseMetadata;
  if (!metadata?.Error) {
    return {};
  }
  return { code: metadata.Error.Code, message: metadata.Error.Message, request_id: metadata.RequestId };
}
