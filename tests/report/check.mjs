// SPDX-License-Identifier: MIT
// Looks at the pages of a report as a reader's browser would, and complains.
// usage: node check.mjs AXE.js PICTURES PAGE.html...
// Pictures and PDFs go to the folder PICTURES, for people to look at.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const [axeFile, pictures, ...pages] = process.argv.slice(2);
const axe = readFileSync(axeFile, "utf8");
const WIDTHS = [390, 800, 1600];
const MOST_BYTES = 2e6;
const PICTURE_HEIGHT = 4000;
let checks = 0;
const faults = [];

function check(ok, where, what) {
  checks++;
  if (!ok) faults.push(`${where}: ${what}`);
}

// What axe finds in the page as it stands, one line a finding. Contrast takes most of its
// time and does not depend on the width: it is looked at where asked.
async function axeFindings(page, contrast) {
  if (!(await page.value("typeof axe === 'object'"))) await page.value(`${axe};0`);
  return page.value(`axe.run(document, {resultTypes: ["violations"],
      rules: {"color-contrast": {enabled: ${contrast}}}}).then((r) =>
    r.violations.map((v) => v.id + ": " + v.help + " (" + v.nodes.length + ") " +
      v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + n.html.slice(0, 90)).join("; ")))`);
}

// Text of the page that a selection of everything does not give, or that is set apart
// from selection.
const SELECTION = `(() => {
  getSelection().selectAllChildren(document.body);
  const all = getSelection().toString().replace(/\\s+/g, " ");
  getSelection().removeAllRanges();
  const lost = [...document.querySelectorAll("h2, h3, p, code, td, li")]
    .filter((e) => e.checkVisibility() && getComputedStyle(e).display !== "none")
    .filter((e) => getComputedStyle(e).userSelect === "none" ||
      !all.includes(e.innerText.replace(/\\s+/g, " ").trim()))
  return lost.slice(0, 3).map((e) => e.tagName + " " + e.innerText.slice(0, 60));
})()`;

async function picture(page, name) {
  const height = await page.value("document.documentElement.scrollHeight");
  const width = await page.value("innerWidth");
  const { data } = await page.send("Page.captureScreenshot", {
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, width, height: Math.min(height, PICTURE_HEIGHT), scale: 1 },
  });
  writeFileSync(join(pictures, `${name}.png`), Buffer.from(data, "base64"));
}

async function looks(page, url, name) {
  for (const width of WIDTHS) {
    await page.size(width, width < 600 ? 844 : 900);
    for (const scheme of ["light", "dark"]) {
      const where = `${name} at ${width} px, ${scheme}`;
      await page.media({ "prefers-color-scheme": scheme });
      await page.go(url);
      const over = await page.value("document.documentElement.scrollWidth") - width;
      check(over <= 0, where, `${over} px wider than the window`);
      if (scheme === "light" || width === 800) {
        for (const finding of await axeFindings(page, width === 800))
          check(false, where, `axe: ${finding}`);
        checks++;
      }
      const lost = await page.value(SELECTION);
      check(lost.length === 0, where, `not selectable: ${lost.join("; ")}`);
      await picture(page, `${name}-${width}-${scheme}`);
    }
  }
}

async function prints(page, url, name) {
  await page.media({});
  await page.go(url);
  const { data } = await page.send("Page.printToPDF", { preferCSSPageSize: true });
  const pdf = Buffer.from(data, "base64");
  writeFileSync(join(pictures, `${name}.pdf`), pdf);
  check(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 10000, name, "no PDF");
  await page.send("Emulation.setEmulatedMedia", { media: "print" });
  const hidden = await page.value(`[...document.querySelectorAll("main code, main h2, main td, main li")]
    .filter((e) => !e.checkVisibility()).length`);
  check(hidden === 0, name, `${hidden} texts are missing on paper`);
  await page.send("Emulation.setEmulatedMedia", { media: "" });
}

// Without scripts the same words stand on the page, whether shown or folded up.
async function needsNoScript(page, url, name) {
  const words = "document.querySelector('main').textContent.replace(/\\s+/g, ' ')";
  await page.send("Emulation.setScriptExecutionDisabled", { value: true });
  await page.go(url);
  const without = await page.value(words);
  const buttons = await page.value("document.querySelectorAll('main button').length");
  await page.send("Emulation.setScriptExecutionDisabled", { value: false });
  check(without.length > 200, name, "is empty without its script");
  check(buttons === 0, name, "has buttons that do nothing without the script");
  const events = await page.value(`[...document.querySelectorAll("*")]
    .some((e) => e.getAttributeNames().some((a) => a.startsWith("on")))`);
  check(!events, name, "has event attributes");
}

// Each kind of control is used once, by keyboard.
async function controls(page, url, name) {
  for (const motion of ["no-preference", "reduce"]) {
    await page.media({ "prefers-reduced-motion": motion });
    await page.go(url);
    const found = await page.value("document.querySelectorAll('.controls').length");
    const sections = await page.value("document.querySelectorAll('.variants article').length");
    check(found > 0 || sections === 0, name, "its script did not run");
    if (found === 0) return;
    const failed = await page.value(`(async () => {
      const faults = [];
      for (const box of document.querySelectorAll(".controls")) {
        const section = box.closest("section");
        const choice = box.querySelector("select");
        const shown = () => [...section.querySelectorAll("article > details")]
          .filter((d) => d.checkVisibility()).length;
        const all = shown();
        if (choice) {
          choice.value = choice.options[1].value;
          choice.dispatchEvent(new Event("change"));
          if (shown() === 0 || shown() > all) faults.push("no build is shown: " + section.id);
        }
        const button = box.querySelector("button");
        button.focus();
        if (document.activeElement !== button) faults.push("cannot focus " + button.innerText);
        button.click();
        await new Promise((done) => setTimeout(done, 30));
        if (!box.querySelector("[role=status]").innerText) faults.push("silent replay");
        if (${motion === "reduce"} && section.getAnimations({ subtree: true }).length)
          faults.push("moves though motion is to be reduced");
        button.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
        if (section.querySelector(".waiting")) faults.push("Escape does not end the replay");
        break;
      }
      return faults;
    })()`);
    for (const fault of failed) check(false, `${name}, motion ${motion}`, fault);
    checks++;
  }
  await page.media({});
}

async function visit(browser, file) {
  const name = `${basename(dirname(resolve(file)))}-${basename(file, ".html")}`;
  const url = pathToFileURL(resolve(file)).href;
  const page = await browser.open();
  check(readFileSync(file).length < MOST_BYTES, name, `is over ${MOST_BYTES} bytes`);
  await looks(page, url, name);
  await controls(page, url, name);
  await prints(page, url, name);
  await needsNoScript(page, url, name);
  const ran = await page.value("typeof owned");
  check(ran === "undefined", name, "text of a scenario ran as code");
  const left = page.requests.filter((u) => u !== url && !u.startsWith("data:"));
  check(left.length === 0, name, `asks for ${left.slice(0, 3).join(" ")}`);
  check(page.console.length === 0, name, `console: ${page.console.slice(0, 3).join(" | ")}`);
  await page.close();
}

mkdirSync(pictures, { recursive: true });
const browser = new Browser(process.env.CHROMIUM || "chromium");
try {
  for (const file of pages) await visit(browser, file);
} finally {
  await browser.close();
}
for (const fault of faults) console.log(`FAILED ${fault}`);
console.log(`report pages: ${checks} checks, ${faults.length} failed`);
process.exit(faults.length > 0 || checks === 0 ? 1 : 0);
