// The boundary itself is moved by two: an admin writes and submits, another sees what it would have changed, sends it back, and publishes.
import type { Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, test } from "../support/portal";
import { confirmsByPassword } from "../support/story";

const REPORT = { path: "/bundles/lake-report", name: "Curated tables and dashboards" };

/** Writes a new version in which some texts stand for others. */
async function writes(page: Page, ...changes: [from: string, to: string][]): Promise<void> {
  await page.goto(REPORT.path);
  await page.getByText("Write a new version", { exact: true }).click();
  const field = page.getByLabel("As it is written in the catalogue");
  let text = await field.inputValue();
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  await field.fill(text);
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page.getByRole("button", { name: "Submit it for review" })).toBeVisible();
}

async function submits(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Submit it for review" }).click();
  await expect(page.getByRole("button", { name: "Take it back from review" })).toBeVisible();
}

/** The part of the page that says what the draft would have changed. */
function replayed(page: Page) {
  return page.getByRole("region", { name: "What it would have changed" });
}

for (const scripts of [true, false]) {
  test(`Astrid shortens a bundle, Tomás sends it back and publishes what she makes of it, ${scripts ? "with" : "without"} scripts`, async ({ browser, portal }) => {
    test.setTimeout(120_000);
    const options = { javaScriptEnabled: scripts };
    const astrid = await portal.personAt(browser, "astrid.nyberg", options);
    const tomas = await portal.personAt(browser, "tomas.ferreira", options);
    // The story is told twice in one portal: the second time from where the first ended.
    const [from, far, near] = scripts ? ["30d", "1d", "20d"] : ["20d", "1d", "10d"];

    await test.step("she writes and submits it; she cannot publish it herself", async () => {
      await writes(astrid, [`longest = "${from}"`, `longest = "${far}"`], ['default = "5d"', 'default = "1d"']);
      await submits(astrid);
      await expect(astrid.getByRole("button", { name: /^Publish version/ })).toHaveCount(0);
      if (scripts) {
        await isForEveryone(astrid);
        await fits(astrid);
      }
    });

    await test.step("he hears of it, sees what it would have changed, and sends it back", async () => {
      await tomas.goto("/notices");
      await expect(tomas.getByText(/Astrid Nyberg wants version \d+ of .* reviewed/).first()).toBeVisible();
      await expect(async () => {
        await tomas.goto(REPORT.path);
        await expect(replayed(tomas)).toContainText("would be refused now", { timeout: 2_000 });
      }).toPass({ timeout: 30_000 });
      await replayed(tomas).getByText("Newly refused").click();
      await expect(replayed(tomas).getByRole("link").first()).toHaveAttribute("href", /^\/requests\/[0-9a-f-]{36}$/);
      if (scripts) await isForEveryone(tomas);
      await tomas.getByLabel("What you say to it").fill(`Reports take weeks: make it ${near}.`);
      await tomas.getByRole("button", { name: "Send it back" }).click();
      await expect(tomas.getByRole("button", { name: "Send it back" })).toHaveCount(0);
      await expect(tomas.getByRole("button", { name: /^Publish version/ })).toHaveCount(0);
    });

    await test.step("she reads why, edits it and submits it again", async () => {
      await astrid.goto(REPORT.path);
      await expect(astrid.getByRole("region", { name: "What was said about it" })).toContainText(`make it ${near}`);
      await writes(astrid, [`longest = "${far}"`, `longest = "${near}"`], ['default = "1d"', 'default = "5d"']);
      await submits(astrid);
    });

    await test.step("he publishes it once the replay is finished", async () => {
      const publish = tomas.getByRole("button", { name: /^Publish version/ });
      await expect(async () => {
        await tomas.goto(REPORT.path);
        await expect(publish).toBeVisible({ timeout: 2_000 });
      }).toPass({ timeout: 30_000 });
      await publish.click();
      await confirmsByPassword(tomas);
      await expect(publish).toHaveCount(0);
      await expect(tomas.locator("#state")).toContainText("Published");
      await expect(tomas.locator("#state")).toContainText("holds.");
    });
    await astrid.context().close();
    await tomas.context().close();
  });
}
