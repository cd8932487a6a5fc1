// Pictures for the guides: node screenshots.mjs FOLDER. Run by script/screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { start, browser, page, logIn, DEMO_PASSWORD } from "./support.mjs";

const folder = process.argv[2];
const ADMIN = "admin@example.com";
const GERDA = "gerda@example.com";

/** Name, who looks, address, and what is done before the picture is taken. */
const PICTURES = [
  ["start", ADMIN, "/t/nord"],
  ["start-narrow", GERDA, "/t/nord", {}, { width: 380, height: 760 }],
  ["tenants", ADMIN, "/t/main/tenants"],
  ["tenant-new", ADMIN, "/t/main/tenants/new"],
  ["switcher", ADMIN, "/tenants?section=recipients"],
  ["fields", ADMIN, "/t/nord/fields"],
  ["field-new", ADMIN, "/t/nord/fields/new"],
  ["recipients", ADMIN, "/t/nord/recipients?rule=orders+%3E%3D+5+and+city+%3D+%27Berlin%27&sort=last_name&dir=asc"],
  ["recipients-dark", ADMIN, "/t/nord/recipients?sort=last_name&dir=asc", { colorScheme: "dark" }],
  ["recipients-narrow", GERDA, "/t/nord/recipients?q=Schmidt", {}, { width: 380, height: 760 }],
  ["recipient", ADMIN, "/t/nord/recipients?q=person1234@", {}, undefined, (tab) => tab.click("tbody a")],
  ["import", ADMIN, "/t/nord/imports", {}, undefined, (tab) => tab.click("tbody a")],
  ["inner-new", ADMIN, "/t/nord/inner/new"],
  ["inner-recipients", "vip@example.com", "/t/nord/vip/recipients"],
  ["recipients-de", GERDA, "/t/nord/recipients?sort=last_name&dir=asc"],
  ["users-de", GERDA, "/t/nord/users"],
  ["rights-ceilings", ADMIN, "/t/main/ceilings/matrix"],
  ["rights-roles", ADMIN, "/t/nord/roles/matrix"],
  ["rights-users", ADMIN, "/t/nord/users/matrix"],
  ["rights-why", ADMIN, "/t/nord/users?q=vera", {}, undefined, async (tab) => {
    await tab.click("tbody td.choose + td a");
    await tab.click("text=Rights here, and why");
    await tab.waitForLoadState("networkidle");
    await tab.click("text=Change recipients");
  }],
];

mkdirSync(folder, { recursive: true });
const app = await start({ demo: true });
const chrome = await browser();
try {
  const tabs = new Map();
  for (const [name, who, address, media = {}, size = { width: 1280, height: 800 }, act] of PICTURES) {
    if (!tabs.has(who)) {
      const tab = await page(chrome);
      await logIn(tab, app.url, who, DEMO_PASSWORD);
      tabs.set(who, tab);
    }
    const tab = tabs.get(who);
    await tab.setViewportSize(size);
    await tab.emulateMedia({ colorScheme: "light", ...media });
    await tab.goto(app.url + address, { waitUntil: "networkidle" });
    if (act) {
      await act(tab);
      await tab.waitForLoadState("networkidle");
    }
    await tab.screenshot({ path: join(folder, `${name}.png`) });
  }
} finally {
  await chrome.close();
  await app.stop();
}
