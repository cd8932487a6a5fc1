// Looking after tenants: pages of both kinds, a fence changed in two steps, a request decided, the trash.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, PASSWORD } from "./support.mjs";

const submit = "main form.form button[type=submit]";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
  await app.run("setup", "--name", "Example Group", "--email", "anna@example.com", "--admin-name", "Anna", "--password-stdin");
  await app.run("tenant", "create", "--kind", "separate", "--slug", "nord", "--name", "Nord",
    "--admin-email", "nora@example.com", "--admin-name", "Nora", "--password-stdin");
  for (const name of ["News", "Other"]) await app.run("list", "create", "--tenant", "nord", "--name", name);
  await app.run("tenant", "create", "--kind", "inner", "--parent", "nord", "--slug", "vip", "--name", "VIP", "--fence-list", "News",
    "--admin-email", "ina@example.com", "--admin-name", "Ina", "--password-stdin");
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

async function logIn(tab, email) {
  await tab.goto(`${app.url}/login`);
  await tab.fill("#email", email);
  await tab.fill("#password", PASSWORD);
  await tab.click(submit);
  await tab.waitForURL((url) => !url.pathname.startsWith("/login"));
}

async function addRecipient(tab, base, email, list) {
  await tab.goto(`${app.url}${base}/recipients/new`);
  await tab.fill("#f1", email);
  if (list) await tab.getByLabel(list, { exact: true }).check();
  await tab.click(submit);
  await tab.waitForURL((url) => !url.pathname.endsWith("/new"));
}

async function look(tab, name) {
  await accessible(tab);
  const folder = process.env.MANDANT_SCREENSHOTS;
  if (folder) await tab.screenshot({ path: `${folder}/tenants-${name}.png`, fullPage: true });
}

test("an administrator looks after an inner tenant", async () => {
  const nora = await page(chrome);
  await logIn(nora, "nora@example.com");
  await addRecipient(nora, "/t/nord", "in@nord.example", "News");
  await addRecipient(nora, "/t/nord", "out@nord.example", "Other");

  const ina = await page(chrome);
  await logIn(ina, "ina@example.com");
  await addRecipient(ina, "/t/nord/vip", "out@nord.example");
  await ina.goto(`${app.url}/t/nord/vip/recipients`);
  assert.ok(!(await ina.content()).includes("out@nord.example"));

  await nora.goto(`${app.url}/t/nord`);
  await look(nora, "start");
  await nora.locator("main").getByRole("link", { name: "One request to admit" }).click();
  await look(nora, "requests");
  await nora.getByRole("link", { name: "out@nord.example" }).click();
  await look(nora, "request");
  await nora.getByLabel("active").check();
  await nora.getByRole("button", { name: "Admit" }).click();
  await nora.waitForURL("**/admissions");
  await ina.goto(`${app.url}/t/nord/vip/recipients`);
  assert.ok((await ina.content()).includes("out@nord.example"));

  await nora.goto(`${app.url}/t/nord/inner`);
  await look(nora, "inner");
  await nora.locator("tbody a").first().click();
  await look(nora, "one");
  await nora.getByRole("link", { name: "Change fence" }).click();
  await nora.getByLabel("News").uncheck();
  await nora.getByLabel("Other").check();
  await nora.click(submit);
  await look(nora, "fence");
  assert.equal(await nora.locator(".form-fixed").textContent(), "Gains 0, loses 1 recipients.");
  await nora.getByLabel("Yes, change the fence").check();
  await nora.click(submit);
  await nora.waitForURL(/inner\/\d+$/);

  await nora.getByRole("link", { name: "Settings" }).click();
  await look(nora, "settings");
  await nora.fill("#name", "Very important");
  await nora.click(submit);
  await nora.waitForURL(/inner\/\d+$/);
  await nora.getByRole("link", { name: "Change status" }).click();
  await look(nora, "status");
  await nora.goBack();
  await nora.getByRole("link", { name: "Delete" }).click();
  await look(nora, "delete");
  await nora.fill("#slug", "nord/vip");
  await nora.click(submit);
  await nora.waitForURL("**/inner/trash");
  await look(nora, "trash");
  await nora.getByRole("link", { name: "Restore" }).click();
  await nora.click(submit);
  await nora.waitForURL(/inner\/\d+$/);
  assert.ok((await nora.locator("h1").textContent()).includes("Very important"));
});

test("without JavaScript, in German, on a narrow screen", async () => {
  const tab = await page(chrome, { javaScriptEnabled: false, locale: "de-DE", viewport: { width: 320, height: 700 } });
  await logIn(tab, "anna@example.com");
  await tab.goto(`${app.url}/profile`);
  await tab.selectOption("#language", "de");
  await tab.click(submit);
  await tab.goto(`${app.url}/t/main/tenants`);
  assert.equal(await tab.locator("tbody tr").count(), 1);
  await tab.locator("tbody a").first().click();
  await tab.getByRole("link", { name: "Status ändern" }).click();
  await tab.getByLabel("gesperrt").check();
  await tab.click(submit);
  assert.ok((await tab.locator(".badge").first().textContent()).includes("gesperrt"));
  await tab.getByRole("link", { name: "Status ändern" }).click();
  await tab.getByLabel("aktiv").check();
  await tab.click(submit);
  await tab.waitForURL(/tenants\/\d+$/);
  await tab.waitForLoadState();
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  assert.ok(!wide, "the page scrolls sideways");
  if (process.env.MANDANT_SCREENSHOTS) await tab.screenshot({ path: `${process.env.MANDANT_SCREENSHOTS}/tenants-narrow.png`, fullPage: true });
});
