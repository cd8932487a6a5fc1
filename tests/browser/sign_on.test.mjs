// Single sign-on by a certified provider (oidc-provider), as somebody clicks it: set-up, the first log-in and the
// second, log-out, and a tenant that lets in nobody else.
import { test, after, before } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { start, browser, page, accessible, setUp, logIn, PASSWORD } from "./support.mjs";

const submit = "main form.form button[type=submit]";
const CLIENT = { id: "mandant", secret: "a secret of the provider's making" };

let app, chrome, provider;
before(async () => {
  process.env.MANDANT_SIGN_ON_LOOPBACK = "allow";
  app = await start();
  chrome = await browser();
  provider = await serveProvider(app.url.replace(/\/$/, ""));
});
after(async () => {
  await chrome?.close();
  await app?.stop();
  await provider?.stop();
});

const PEOPLE = {
  ina: { email: "ina@nord.example", email_verified: true, name: "Ina Nord", groups: ["sales", "editors"] },
  otto: { email: "otto@nord.example", email_verified: true, name: "Otto Nord", groups: ["sales"] },
};

/** The provider on a port of its own, with its development pages for log-in and consent. */
async function serveProvider(base) {
  const { default: Provider } = await import("oidc-provider");
  let handle;
  const server = createServer((request, response) => handle(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const claims = { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] };
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${base}/login/callback`],
        post_logout_redirect_uris: [`${base}/login`],
      },
    ],
    claims,
    scopes: Object.keys(claims),
    cookies: { keys: ["for a test"] },
    pkce: { required: () => true },
    features: { rpInitiatedLogout: { enabled: true } },
    findAccount: (_, id) => (PEOPLE[id] ? { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) } : undefined),
  });
  handle = oidc.callback();
  const stop = () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections()));
  return { issuer, stop };
}

/** On the provider's own pages: who one is, and that he agrees. */
async function atProvider(tab, who) {
  await tab.waitForURL(`${provider.issuer}/interaction/**`);
  await tab.fill("input[name=login]", who);
  await tab.fill("input[name=password]", "anything");
  await tab.click("button[type=submit]");
  await tab.waitForLoadState();
  if (tab.url().startsWith(provider.issuer)) await tab.click("button[type=submit]");
}

/** A page whose breaches of policy count on our own pages only. */
async function visitor() {
  const context = await chrome.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  const tab = await context.newPage();
  tab.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text()) && message.location().url.startsWith(app.url)) assert.fail(message.text());
  });
  return tab;
}

test("a certified provider logs in whoever it knows, with the roles that its claims give", { timeout: 180_000 }, async () => {
  const url = app.url.replace(/\/$/, "");
  const anna = await page(chrome);
  await setUp(anna, app.url);
  await anna.goto(`${url}/t/main/tenants/new`);
  await anna.fill("#name", "Nord");
  await anna.fill("#slug", "nord");
  await anna.fill("#admin_email", "boss@nord.example");
  await anna.fill("#admin_name", "Boss");
  await anna.fill("#admin_password", PASSWORD);
  await anna.click(submit);
  await anna.waitForLoadState();

  const boss = await page(chrome);
  await logIn(boss, url, "boss@nord.example");
  await boss.click("nav.sections a[href='/t/nord/users']");
  await boss.click("nav.sections a[href='/t/nord/sign-on']");
  await accessible(boss);
  assert.equal(await boss.locator("dd code").first().textContent(), `${url}/login/callback`);
  await boss.fill("#issuer", provider.issuer);
  await boss.fill("#client_id", CLIENT.id);
  await boss.fill("#secret", CLIENT.secret);
  await boss.fill("#scopes", "email profile groups");
  await boss.fill("#label", "Nord account");
  await boss.fill("#domains", "nord.example");
  await boss.check("#creates");
  await boss.locator("[name=claim]").first().fill("groups");
  await boss.locator("[name=value]").first().fill("editors");
  await boss.locator("[name=role]").first().selectOption("editor");
  await boss.click("text=Test the connection");
  await boss.waitForSelector("#facts");
  assert.match(await boss.textContent("#facts"), /\/token/);
  await accessible(boss);
  // The page that tests shows no secret either.
  await boss.fill("#secret", CLIENT.secret);
  await boss.check("input[name=state][value=on]");
  await boss.click(submit);
  await boss.waitForSelector(".said");

  const ina = await visitor();
  await ina.goto(`${url}/login?next=%2Ft%2Fnord%2Flists`);
  await accessible(ina);
  await ina.click("text=Log in with Nord account");
  await atProvider(ina, "ina");
  await ina.waitForURL(`${url}/t/nord/lists`);
  assert.match(await ina.textContent(".top"), /Ina Nord/);
  assert.equal(await ina.locator("nav.sections a[href$='/users']").count(), 0, "an editor sees no users");
  // The provider did not say when she showed it who she is, so it is asked to ask her once more.
  await ina.goto(`${url}/profile/sign-on`);
  await ina.waitForURL(`${url}/login/prove**`);
  await accessible(ina);
  await ina.click("text=Log in with Nord account");
  await atProvider(ina, "ina");
  await ina.waitForURL(`${url}/profile/sign-on`);
  assert.equal(await ina.locator("#links tbody tr").count(), 1);
  await accessible(ina);
  await ina.setViewportSize({ width: 320, height: 700 });
  assert.ok((await ina.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await ina.setViewportSize({ width: 1280, height: 800 });

  // Out here and there: back comes a log-in page, and the provider asks again.
  await ina.click("text=Log out");
  await ina.waitForURL(`${provider.issuer}/session/end**`);
  await ina.click("button[type=submit][value=yes]");
  await ina.waitForURL(`${url}/login`);

  // The second time she is found by her domain; her roles follow.
  PEOPLE.ina.groups = ["sales"];
  await ina.goto(`${url}/login`);
  await ina.click("text=Single sign-on");
  await accessible(ina);
  await ina.fill("#email", "ina@nord.example");
  await ina.click(submit);
  await accessible(ina);
  await ina.click("text=Nord account");
  await atProvider(ina, "ina");
  await ina.waitForURL(`${url}/login/callback**`);
  assert.match(await ina.textContent("main"), /nothing that it says gives you a role/);
  await accessible(ina);
  PEOPLE.ina.groups = ["editors"];
  await ina.goto(`${url}/login/sso/nord`);
  // The provider still knows her.
  await ina.waitForURL(`${url}/t/nord`);

  // The tenant lets in nobody else.
  await boss.goto(`${url}/t/nord/sign-on`);
  await boss.check("input[name=state][value=only]");
  await boss.fill("#emergency", "boss@nord.example");
  await boss.click(submit);
  await boss.waitForSelector(".said");
  await boss.goto(`${url}/t/nord/users/new`);
  await boss.fill("#email", "carl@nord.example");
  await boss.fill("#name", "Carl");
  await boss.fill("#password", PASSWORD);
  await boss.check("input[name=roles][value=viewer]");
  await boss.click(submit);
  await boss.waitForLoadState();
  const carl = await visitor();
  await carl.goto(`${url}/login`);
  await carl.fill("#email", "carl@nord.example");
  await carl.fill("#password", PASSWORD);
  await carl.click(submit);
  await carl.waitForURL(`${url}/t/nord`);
  assert.match(await carl.textContent("h1"), /Log-in by the provider is needed/);
  await accessible(carl);
  await carl.click("text=Nord account");
  await atProvider(carl, "otto");
  await carl.waitForURL(`${url}/login/callback**`);
  assert.match(await carl.textContent("main"), /Link it to your account/);
  await carl.click("main a.btn");
  await carl.click(submit);
  await atProvider(carl, "otto");
  await carl.waitForURL(`${url}/profile/sign-on`);
  await carl.goto(`${url}/t/nord`);
  assert.equal(await carl.locator("nav.sections").count(), 1);
  await ina.goto(`${url}/t/nord`);
  assert.equal(await ina.locator("nav.sections").count(), 1);
});
