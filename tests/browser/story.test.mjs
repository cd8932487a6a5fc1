// The product's story: a tenant, a list, a real file, an inner tenant, a colleague who sees his part only.
// Once with JavaScript and once without.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { start, browser, page, accessible, setUp, logIn, PASSWORD } from "./support.mjs";

const file = fileURLToPath(new URL("../../../shared/data/recipients/kunden-excel.csv", import.meta.url));
const submit = "main form.form button[type=submit]";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
  const tab = await page(chrome);
  await setUp(tab, app.url);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

/** Waits for an import's page, which loads itself anew, to show `selector`. */
async function until(tab, selector) {
  for (let i = 0; i < 60; i++) {
    if (await tab.locator(selector).count()) return;
    await tab.waitForTimeout(500);
    await tab.reload();
  }
  assert.fail(`${selector} never came on ${tab.url()}`);
}

for (const javaScriptEnabled of [true, false]) {
  const slug = javaScriptEnabled ? "nord" : "sued";
  test(`a colleague sees exactly his recipients (JavaScript: ${javaScriptEnabled})`, async () => {
    const tab = await page(chrome, { javaScriptEnabled });
    const look = async () => javaScriptEnabled && (await accessible(tab));
    await logIn(tab, app.url, "anna@example.com");
    await tab.goto(`${app.url}/t/main/tenants/new`);
    await look();
    await tab.fill("#name", slug);
    await tab.click(submit);
    await tab.waitForURL(`**/t/${slug}`);
    await look();

    await tab.goto(`${app.url}/t/${slug}/lists/new`);
    await tab.fill("#name", "Customers");
    await tab.click(submit);
    await tab.waitForURL(`**/t/${slug}/lists`);
    await look();

    await tab.goto(`${app.url}/t/${slug}/imports/new`);
    await tab.setInputFiles("#file", file);
    await tab.click(submit);
    await tab.waitForURL("**/mapping");
    await look();
    await tab.check('input[name="lists"]');
    await tab.click(submit);
    await until(tab, 'form[action$="/run"]');
    await look();
    await tab.click('form[action$="/run"] button');
    await until(tab, 'a[href$="/errors"]');
    assert.match(await tab.textContent("dl.pairs"), /2,946/);

    await tab.goto(`${app.url}/t/${slug}/inner/new`);
    await look();
    await tab.fill("#name", "VIP");
    await tab.fill("#rule", "last_name = 'Krüger'");
    await tab.fill("#admin_email", `${slug}@example.com`);
    await tab.fill("#admin_name", "Viktor");
    await tab.fill("#admin_password", PASSWORD);
    await tab.click(submit);
    await tab.waitForURL(`**/t/${slug}/vip`);

    const his = await page(chrome, { javaScriptEnabled });
    await logIn(his, app.url, `${slug}@example.com`);
    assert.equal(new URL(his.url()).pathname, `/t/${slug}/vip`);
    await his.goto(`${app.url}/t/${slug}/vip/recipients`);
    const names = await his.locator("tbody tr").allTextContents();
    assert.ok(names.length > 5);
    assert.ok(names.every((row) => row.includes("Krüger")), names.join("\n"));
    if (javaScriptEnabled) await accessible(his);
    for (const path of [`/t/${slug}`, `/t/${slug}/recipients`, "/t/main", `/t/${slug}/vip/inner`]) {
      assert.equal((await his.goto(app.url + path)).status(), 404, path);
    }
    const counted = await app.run("recipients", "count", "--tenant", `${slug}/vip`, "--json");
    assert.equal(JSON.parse(counted).count, JSON.parse(await app.run("recipients", "count", "--tenant", slug, "--where", "last_name = 'Krüger'", "--json")).count);
  });
}
