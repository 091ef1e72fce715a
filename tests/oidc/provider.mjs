// The certified OpenID provider with two made-up clients; who exists and with which groups stands in a JSON file.
// node provider.mjs PORT ACCOUNTS.json REDIRECT_URI...
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, accounts, ...redirects] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: "kontrolrul", client_secret: "kun til test", redirect_uris: redirects,
    grant_types: ["authorization_code"], response_types: ["code"],
  }],
  claims: { openid: ["sub", "auth_time"], profile: ["name", "preferred_username", "email", "groups"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { keys: ["kun til test"] },
  // A work account is signed in by its own house: nobody is asked to consent.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
  async findAccount(ctx, id) {
    const known = JSON.parse(readFileSync(accounts, "utf8"))[id];
    return known && { accountId: id, claims: async () => ({ sub: id, ...known }) };
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
