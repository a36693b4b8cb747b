// Drives @volcengine/sdk-core, with a command of our own as its generated packages have them.

import { Client, Command } from "@volcengine/sdk-core";

import { answer, explainEnvelope } from "./probing.mjs";

/** Sets a header; where in the client's steps decides whether the signer comes before or after it. */
const withHeader = (name, value) => (next) => (args) => {
  const { request } = args;
  return next({ ...args, request: { ...request, headers: { ...request.headers, [name]: value } } });
};

function open({ endpoint, way, api_key, access_key_id, secret_access_key, region }) {
  const [protocol, host] = endpoint.split("://");
  const isKey = way === "access_key";
  const client = new Client({
    protocol,
    host,
    region,
    accessKeyId: isKey ? (access_key_id ?? api_key) : "unused",
    secretAccessKey: (isKey && secret_access_key) || "unused",
  });
  if (way === "x_api_key") {
    client.addMiddleware(withHeader("X-Api-Key", api_key), { step: "serialize" });
  } else if (way === "bearer") {
    // Signing is in the step "build".
    client.addMiddleware(withHeader("Authorization", `Bearer ${api_key}`), { step: "finalizeRequest", priority: 200 });
  } else if (way === "printed") {
    client.addMiddleware(withHeader("Authorization", `Bearer ${api_key}`), { step: "serialize" });
  }
  return client;
}

function call(request) {
  const command = new Command(request.body);
  const params = { Action: request.action, Version: "2024-01-01" };
  command.requestConfig = { method: "POST", serviceName: "ark", contentType: "application/json", params };
  return open(request).send(command, { timeout: request.timeout_seconds * 1000 });
}

// Its errors hold the answer's body in `data`; their message has only the status when that is an error itself.
await answer(call, (error) => ({ status: error.status ?? null, ...explainEnvelope(error.data) }));
