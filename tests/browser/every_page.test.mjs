// Every page that the program has, found by its own table of routes and by following links: by day and by
// night, in both languages, on a narrow screen. A new route that no link leads to fails the test.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, logIn, DEMO_PASSWORD } from "./support.mjs";

/** What is no page to look at, and why. */
const NO_PAGE = [
  [/^\/(healthz|readyz)$|^\/assets\/|^\/api\//, "for programs"],
  [/\/(export|errors|count)$/, "a download or a part of a page"],
  [/^\/setup$/, "gone once the first administrator is there; see start.test.mjs"],
  [/^\/login$/, "for those without a session; see start.test.mjs"],
  [/^\/login\/code$|\/users\/[^/]+\/second-factor$/, "only with a second factor; see login.test.mjs"],
  [/^\/profile\/second-factor\/passkeys\/[^/]+\/end$/, "only with a passkey; see passkeys.test.mjs"],
  [/^\/login\/(sso|callback)|^\/profile\/sign-on\/[^/]+\/end$/, "only with a provider; see sign_on.test.mjs"],
  [/^\/password\/(forgot|reset)|^\/invitation\//, "for those without a session; see login.test.mjs"],
];
const submit = "main form.form button[type=submit]";

let app, chrome, tab, routes;
before(async () => {
  app = await start({ demo: true });
  chrome = await browser();
  const all = JSON.parse(await app.run("routes", "--json"));
  routes = all.filter((r) => r.method === "GET" && !NO_PAGE.some(([path]) => path.test(r.path))).map((r) => r.path);
  await arrange();
  tab = await page(chrome);
  await logIn(tab, app.url, "admin@example.com", DEMO_PASSWORD);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

/** What pages need beside the demo's data: a request to admit, a trashed tenant, a token, a job, an upload. */
async function arrange() {
  const his = await page(chrome);
  await logIn(his, app.url, "vip@example.com", DEMO_PASSWORD);
  await his.goto(`${app.url}/t/nord/vip/recipients/new`);
  await his.fill('main input[type="email"]', "person1@example.com");
  await his.click(submit);
  await his.context().close();
  await app.run("tenant", "delete", "kiel", "--yes");
  await app.run("tenant", "delete", "nord/regulars", "--yes");
}

/** A route's pattern as an expression that its addresses match. */
function expression(route) {
  const source = route.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{tenant\}/g, "[a-z0-9-]+(?:/(?:vip|berlin))?").replace(/\{[^}]+\}/g, "[^/]+");
  return new RegExp(`^${source}$`);
}

/** Follows links until each route has an address, shorter addresses first; answers route -> address. */
async function addresses() {
  const patterns = routes.map((route) => [route, expression(route), route.split("/").filter((word) => !word.startsWith("{")).length]);
  // "…/recipients/new" is a page of its own and not the recipient "new".
  patterns.sort((a, b) => b[2] - a[2]);
  const found = new Map();
  const queue = ["/t/nord", "/t/main/tenants", "/tenants", "/profile", "/profile/tokens", "/profile/tokens/new", "/profile/second-factor", "/profile/sign-on", "/t/nord/vip", "/t/main/tenants/trash", "/t/nord/tenants/trash", "/t/nord/inner/trash", "/t/nord/admissions", "/t/nord/users/1/tokens", "/t/nord/recipients/bulk?act=set&which=all", "/t/nord/imports/new"];
  const seen = new Set(queue);
  const visited = new Map();
  while (queue.length) {
    const address = queue.shift();
    const path = address.split("?")[0];
    if (NO_PAGE.some(([none]) => none.test(path))) continue;
    const route = patterns.find(([, pattern]) => pattern.test(path))?.[0];
    // The tenant that the demo fills. Some pages lead further than the first of their kind: the last links
    // first, because standard fields, which cannot be deleted, stand before the tenant's own.
    if (!/^\/(tenants|profile|t\/nord|t\/main\/tenants)/.test(path)) continue;
    const visits = visited.get(route) ?? 0;
    if (!route || visits >= 4) continue;
    visited.set(route, visits + 1);
    const answer = await tab.goto(app.url + address);
    if (answer.status() !== 200) continue;
    if (!found.has(route)) found.set(route, address);
    for (const link of await tab.locator("a[href^='/']").evaluateAll((links) => links.map((a) => a.getAttribute("href")).reverse())) {
      const next = link.split("#")[0];
      if (!seen.has(next)) queue.push(next), seen.add(next);
    }
  }
  return found;
}

let all;
test("links lead to every page", async () => {
  // A token to revoke, an upload to map and a job to watch are made through their forms.
  await tab.goto(`${app.url}/profile/tokens/new?tenant=nord`);
  await tab.locator("main form.form input[type=text]").first().fill("For the tests");
  const boxes = tab.locator('main form.form input[type=checkbox]');
  if (await boxes.count()) await boxes.first().check();
  await tab.click(submit);
  await tab.goto(`${app.url}/t/nord/imports/new`);
  await tab.setInputFiles("#file", { name: "small.csv", mimeType: "text/csv", buffer: Buffer.from("email;city\na@example.com;Kiel\n") });
  await tab.click(submit);
  await tab.waitForURL("**/mapping");
  const mapping = new URL(tab.url()).pathname;
  await tab.goto(`${app.url}/t/nord/recipients/bulk?act=set&which=all&q=person299`);
  await tab.selectOption("#field", { index: 1 });
  await tab.fill("#value", "Herr");
  await tab.click(submit);
  await tab.waitForURL("**/jobs/**");
  const job = new URL(tab.url()).pathname;
  all = await addresses();
  all.set("/t/{tenant}/imports/{id}/mapping", mapping);
  all.set("/t/{tenant}/jobs/{id}", job);
  all.set("/t/{tenant} (inner)", "/t/nord/vip");
  all.set("/t/{tenant}/recipients (inner, filtered)", "/t/nord/vip/recipients?rule=orders+%3E%3D+3&sort=last_name&dir=asc");
  all.set("/t/{tenant}/recipients (no match)", "/t/nord/recipients?q=nobody-at-all");
  all.set("/t/{tenant}/users/bulk", "/t/nord/users/bulk?act=give&chosen=2&chosen=3");
  all.set("/login/prove", "/login/prove?next=%2Ft%2Fnord%2Fpolicy");
  all.set("(not found)", "/t/nord/nothing-here");
  assert.deepEqual(routes.filter((route) => route !== "/" && !all.has(route)), []);
});

for (const language of ["en", "de"]) {
  test(`every page holds by day and by night, wide and narrow (${language})`, async () => {
    await tab.goto(`${app.url}/profile`);
    await tab.selectOption("#language", language);
    await tab.click(submit);
    await tab.waitForLoadState();
    const faults = [];
    for (const [route, address] of all) {
      await tab.setViewportSize({ width: 1280, height: 800 });
      await tab.goto(app.url + address);
      try {
        // The night has the same colours in every language.
        await accessible(tab, language === "en" ? ["light", "dark"] : ["light"]);
        assert.equal(await tab.getAttribute("html", "lang"), language, address);
        assert.doesNotMatch(await tab.innerText("body"), /\b[a-z]+(-[a-z]+)+ *: *No localization|Unknown localization/i, address);
      } catch (error) {
        faults.push(`${route}: ${error.message}`);
      }
      await tab.setViewportSize({ width: 320, height: 700 });
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) faults.push(`${address} is ${wide} px too wide for a narrow screen`);
    }
    await tab.setViewportSize({ width: 1280, height: 800 });
    assert.deepEqual(faults, []);
  });
}
