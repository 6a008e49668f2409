// A real provider of sign-in for tests: oidc-provider on a free port of loopback, whose people and groups stand in a file that a test changes while it runs.
// node oidc_provider.mjs PACKAGE ACCOUNTS PORT; says `listens PORT`, reads the address that browsers come back to from its input, says `ready`.

import { readFileSync } from "node:fs";
import http from "node:http";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, file, wanted] = process.argv.slice(2);
const entry = createRequire(pathToFileURL(`${folder}/`)).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(entry));
const accounts = () => JSON.parse(readFileSync(file, "utf8"));
let provider, callback;

const server = http.createServer(async (request, response) => {
  try {
    const url = new URL(request.url, "http://localhost");
    if (!callback || !url.pathname.startsWith("/interaction/")) return callback ? callback(request, response) : response.writeHead(503).end();
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === "login") {
      // the browser of the test says as whom, as a person does by a password
      const accountId = url.searchParams.get("as");
      const { acr, amr } = accounts()[accountId];
      return await provider.interactionFinished(request, response, { login: { accountId, acr, amr, remember: false } });
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

server.listen(Number(wanted), "127.0.0.1", () => console.log(`listens ${server.address().port}`));

createInterface({ input: process.stdin }).once("line", (redirect) => {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [{ client_id: "cordon", client_secret: "a secret & its signs: %+", redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
    pkce: { required: () => true },
    claims: { openid: ["sub", "acr", "amr"], profile: ["preferred_username", "realm_access"] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ["only of a test"] },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...accounts()[accountId].claims }) }),
  });
  callback = provider.callback();
  console.log("ready");
});
