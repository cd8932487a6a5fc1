// Steering rights: both matrices by mouse, keyboard and without a script, "why", and seeing as somebody else.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, logIn } from "./support.mjs";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
  await app.run("setup", "--name", "Example Group", "--email", "anna@example.com", "--admin-name", "Anna", "--password-stdin");
  await app.run("tenant", "create", "--kind", "separate", "--slug", "nord", "--name", "Nord",
    "--admin-email", "nora@example.com", "--admin-name", "Nora", "--password-stdin");
  for (const [email, name, role] of [["vera@example.com", "Vera", "viewer"], ["emil@example.com", "Emil", "editor"]]) {
    await app.run("user", "create", "--email", email, "--name", name, "--tenant", "nord", "--role", role, "--password-stdin");
  }
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

const saved = (tab) => tab.locator(".alert-success").waitFor();

test("a matrix is filled in by keyboard and by group, looked at, and saved", async () => {
  const tab = await page(chrome);
  await logIn(tab, app.url, "nora@example.com");
  await tab.goto(`${app.url}/t/nord/roles/new`);
  await tab.fill("#name", "Helper");
  await tab.click("main form.form button[type=submit]");
  await tab.waitForURL((url) => !url.pathname.endsWith("/new"));

  await tab.goto(`${app.url}/t/nord/roles/matrix`);
  await accessible(tab);
  const boxes = tab.locator("input[name=cell]");
  await boxes.first().focus();
  await tab.keyboard.press("Space");
  await tab.keyboard.press("ArrowDown");
  const second = await tab.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.equal(second, await boxes.nth(1).getAttribute("aria-label"));
  await tab.getByRole("button", { name: "all: Mailing lists, Helper" }).click();
  const count = Number((await tab.locator("[data-matrix-count]").textContent()).replace("± ", ""));
  assert.ok(count >= 3, `${count} changes`);
  await tab.getByRole("button", { name: "Check changes" }).click();
  await accessible(tab);
  assert.equal(await tab.locator(".diff ins").count(), count);
  await tab.getByRole("button", { name: "Save changes" }).click();
  await saved(tab);
  assert.equal(await tab.locator("input[name=cell]:checked").count(), count);
  // What another one saved meanwhile is not overwritten.
  const late = await page(chrome);
  await logIn(late, app.url, "nora@example.com");
  await late.goto(`${app.url}/t/nord/roles/matrix`);
  await tab.locator("input[name=cell]").first().uncheck();
  await tab.getByRole("button", { name: "Check changes" }).click();
  await tab.getByRole("button", { name: "Save changes" }).click();
  await saved(tab);
  await late.locator("input[name=cell]").nth(1).check();
  await late.getByRole("button", { name: "Check changes" }).click();
  await late.locator(".alert-danger").waitFor();
});

test("roles are given to users in a matrix without a script, on a narrow screen, in German", async () => {
  const tab = await page(chrome, { javaScriptEnabled: false, viewport: { width: 320, height: 700 }, locale: "de-DE" });
  await logIn(tab, app.url, "nora@example.com");
  await tab.goto(`${app.url}/t/nord/users/matrix`);
  await tab.locator("input[name=cell][aria-label*='Vera'][aria-label*='Editor']").check();
  await tab.locator("form button[type=submit]").last().click();
  assert.equal(await tab.locator(".diff ins").count(), 1);
  await tab.locator("main form.form button[type=submit]").click();
  await saved(tab);
  assert.ok(await tab.locator("input[name=cell][aria-label*='Vera'][aria-label*='Editor']").isChecked());
});

test("a page says why somebody can, and leads to the role; another way round it finds who can", async () => {
  const tab = await page(chrome);
  await logIn(tab, app.url, "nora@example.com");
  await tab.goto(`${app.url}/t/nord/users?q=emil`);
  await tab.getByRole("link", { name: "Emil" }).click();
  await tab.getByRole("link", { name: "Rights here, and why" }).click();
  await tab.fill("#q", "recipients.change");
  await tab.getByRole("button", { name: "Search" }).last().click();
  await tab.locator("tbody a").first().click();
  await accessible(tab);
  assert.match(await tab.locator("main h2").first().textContent(), /Emil can do this in .*Nord/);
  await tab.locator("main .card-body li a").first().click();
  assert.match(await tab.locator("h1").textContent(), /Editor/);
  await tab.goto(`${app.url}/t/nord/users?right=users.change`);
  assert.deepEqual(await tab.locator("tbody td.choose + td").allTextContents(), ["Nora"]);
});

test("an administrator sees as somebody else, can only look, and becomes himself again", async () => {
  const tab = await page(chrome);
  await logIn(tab, app.url, "nora@example.com");
  await tab.goto(`${app.url}/t/nord/users?q=vera`);
  await tab.getByRole("link", { name: "Vera" }).click();
  await tab.getByRole("button", { name: "See as this user" }).click();
  await tab.locator(".stance").waitFor();
  await accessible(tab);
  const response = await tab.goto(`${app.url}/t/nord/lists`);
  assert.equal(response.status(), 200);
  assert.equal(await tab.locator(".stance").count(), 1);
  assert.equal((await tab.goto(`${app.url}/t/nord/users`)).status(), 403);
  await tab.goto(`${app.url}/t/nord`);
  await tab.getByRole("button", { name: "Be yourself again" }).click();
  assert.equal((await tab.goto(`${app.url}/t/nord/users`)).status(), 200);
  await tab.goto(`${app.url}/t/nord/audit`);
  assert.ok((await tab.content()).includes("Vera"));
});
