// Drives @volcengine/openapi, the SDK before @volcengine/sdk-core; with the argument "openapi-old", its oldest release
// that the registry has. It has no hook after signing, and throws only when there is no answer at all.

import { BrokenProbe, answer, explainEnvelope } from "./probing.mjs";

const { Service } = await import(process.argv[2] ?? "@volcengine/openapi");

/** The body of an answer that its user has to find out to be an error. */
class Told extends Error {
  constructor(body) {
    super(JSON.stringify(body));
    this.body = body;
  }
}

function headers(way, key) {
  switch (way) {
    case "access_key":
      return {};
    case "x_api_key":
      return { "X-Api-Key": key };
    case "printed":
      return { Authorization: `Bearer ${key}` };
    default:
      throw new BrokenProbe(`there is no way ${way}`);
  }
}

async function call(request) {
  const { protocol, host, pathname } = new URL(request.endpoint);
  const isKey = request.way === "access_key";
  const service = new Service({
    protocol,
    host,
    region: request.region,
    serviceName: "ark",
    defaultVersion: "2024-01-01",
    accessKeyId: isKey ? (request.access_key_id ?? request.api_key) : "unused",
    secretKey: (isKey && request.secret_access_key) || "unused",
  });
  const body = await service.createJSONAPI(request.action)(request.body, {
    pathname,
    headers: headers(request.way, request.api_key),
    timeout: request.timeout_seconds * 1000,
  });
  if (body.ResponseMetadata?.Error || body.error) {
    throw new Told(body);
  }
  return body;
}

function explain(error) {
  return error instanceof Told ? { class: "ResponseMetadata.Error", ...explainEnvelope(error.body) } : {};
}

await answer(call, explain);
