// A program of its own on a fresh data folder, and a browser to use it.
import { chromium } from "playwright-core";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const binary = new URL("../../target/debug/mandant", import.meta.url).pathname;
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const PASSWORD = "correct horse battery";
export const DEMO_PASSWORD = "demo demo demo";

/** Starts `mandant serve` on a new folder, with demo data if wished; answers its address and how to stop it. */
export async function start({ demo = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mandant-browser-"));
  if (demo) execFileSync(binary, ["demo", "--data-dir", join(folder, "data")], { cwd: folder, stdio: "ignore" });
  const server = spawn(binary, ["serve", "--data-dir", join(folder, "data"), "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "ignore"],
    cwd: folder,
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", resolve);
    server.once("exit", (code) => reject(new Error(`mandant serve ended with ${code}`)));
  });
  const run = (...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(binary, [...args, "--data-dir", join(folder, "data")], { stdio: ["pipe", "pipe", "pipe"], cwd: folder });
      let out = "";
      let err = "";
      child.stdout.on("data", (data) => (out += data));
      child.stderr.on("data", (data) => (err += data));
      child.stdin.end(PASSWORD + "\n");
      child.once("exit", (code) => (code === 0 ? resolve(out) : reject(new Error(`${args.join(" ")}: ${code} ${err}`))));
    });
  const stop = async () => {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await gone;
    // The private PostgreSQL stops with its last user, a moment later.
    for (let i = 0; i < 100 && existsSync(join(folder, "data", "postgres", "postmaster.pid")); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: line.trim(), run, stop, folder };
}

/** A browser; every page reports what its security policy refused. */
export async function browser() {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

/** A page that fails the test on a script error or a breach of the policy. */
export async function page(chrome, options = {}) {
  const context = await chrome.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const tab = await context.newPage();
  tab.on("pageerror", (error) => assert.fail(`script error: ${error}`));
  tab.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) assert.fail(message.text());
  });
  return tab;
}

/** No finding of axe-core on the page as it is, by day and by night. */
export async function accessible(tab, schemes = ["light", "dark"]) {
  for (const colorScheme of schemes) {
    await tab.emulateMedia({ colorScheme });
    // Half-way between day and night nothing can be judged.
    await tab.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
    // Run by the browser's debugger, beside the page's policy, which allows no such script.
    if (!(await tab.evaluate(() => Boolean(window.axe)))) await tab.evaluate(await axeSource());
    const found = await tab.evaluate(async (scheme) => {
      // By night only the colours are others.
      const all = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], rules: { "target-size": { enabled: true } } };
      const which = scheme === "light" ? all : { runOnly: { type: "rule", values: ["color-contrast"] } };
      const report = await window.axe.run(document, { ...which, resultTypes: ["violations"] });
      return report.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 120)} ${n.any[0]?.message ?? ""}`).join(" | ")}`);
    }, colorScheme);
    assert.deepEqual(found, [], `${tab.url()} (${colorScheme})`);
  }
  await tab.emulateMedia({ colorScheme: "light" });
}

let source;
async function axeSource() {
  if (!source) source = await (await import("node:fs/promises")).readFile(axe, "utf8");
  return source;
}

/** Goes through the first start; the page is then in the main tenant. */
export async function setUp(tab, url) {
  await tab.goto(url);
  await tab.fill("#tenant_name", "Example Group");
  await tab.fill("#name", "Anna Admin");
  await tab.fill("#email", "anna@example.com");
  await tab.fill("#password", PASSWORD);
  await tab.click("button[type=submit]");
  await tab.waitForURL("**/t/main");
}

/** Logs in. */
export async function logIn(tab, url, email, password = PASSWORD) {
  await tab.goto(`${url}/login`);
  await tab.fill("#email", email);
  await tab.fill("#password", password);
  await tab.click("main form.form button[type=submit]");
  await tab.waitForURL((now) => !now.pathname.startsWith("/login"));
}
