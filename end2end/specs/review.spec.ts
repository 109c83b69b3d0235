// The boundary itself is moved by two: an admin writes and submits, another sees what it would have changed, sends it back, and publishes.
import type { Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, test } from "../support/portal";
import { confirmsByPassword, replayed, submits } from "../support/story";

const REPORT = { path: "/bundles/lake-report", name: "Curated tables and dashboards" };

/** Writes a new version that can be had for so long at most, and offers so much. */
async function writes(page: Page, longest: string, offers: string, scripts: boolean): Promise<void> {
  await page.goto(REPORT.path);
  await page.getByRole("link", { name: /^(Write a new version|Edit the draft)$/ }).click();
  await page.getByLabel("For at most", { exact: true }).fill(longest);
  if (scripts) {
    const panel = page.locator("#ruling");
    // What it offers is longer than it can be had for, as long as the other field is not changed too.
    await page.getByLabel("The form offers").fill("300d");
    await expect(panel).toContainText("One thing to put right");
    await expect(panel).toContainText("“The form offers” is 300 days, longer than “For at most”");
    await page.getByLabel("The form offers").fill(offers);
    await expect(panel).toContainText("It can be saved and reviewed");
    await expect(panel.getByRole("list", { name: "What you change" })).toContainText(`For at most: ${longest}`);
  } else {
    await page.getByLabel("The form offers").fill("300d");
    await page.getByRole("button", { name: "Save as a draft" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("“The form offers” is 300 days, longer than “For at most”");
    await expect(page.getByLabel("For at most", { exact: true })).toHaveValue(longest);
    await page.getByLabel("The form offers").fill(offers);
  }
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page.getByRole("button", { name: "Submit it for review" })).toBeVisible();
}

for (const scripts of [true, false]) {
  test(`Astrid shortens a bundle, Tomás sends it back and publishes what she makes of it, ${scripts ? "with" : "without"} scripts`, async ({ browser, portal }) => {
    test.setTimeout(120_000);
    const options = { javaScriptEnabled: scripts };
    const astrid = await portal.personAt(browser, "astrid.nyberg", options);
    const tomas = await portal.personAt(browser, "tomas.ferreira", options);
    // The story is told twice in one portal: the second time from where the first ended.
    const [far, near] = scripts ? ["1d", "20d"] : ["1d", "10d"];

    await test.step("she writes and submits it; she cannot publish it herself", async () => {
      await writes(astrid, far, "1d", scripts);
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
      await writes(astrid, near, "5d", scripts);
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

test("Tomás writes a new bundle from nothing: conditions, entitlements by system, two stages; and nothing is lost on the way", async ({ browser, portal }) => {
  const page = await portal.personAt(browser, "tomas.ferreira");
  await page.goto("/bundles");
  await page.getByRole("link", { name: "Write a new bundle" }).click();
  const panel = page.locator("#ruling");
  await expect(panel).toContainText("“What it gives” is empty");

  await page.getByLabel("Key", { exact: true }).fill("orders-read");
  await page.getByLabel("Name", { exact: true }).fill("Orders database, a look at night");
  await page.getByLabel("What one can do with it").fill("Look at live orders while the shops are closed");
  await page.locator("summary", { hasText: /^Orders database/ }).click();
  await page.getByRole("checkbox", { name: /^Read orders/ }).check();
  await page.getByLabel("In one of these groups: add by key").fill("engineering");
  const hours = page.getByRole("group", { name: "Hours" });
  await expect(page.getByLabel("Time zone")).toBeHidden();
  await hours.getByRole("checkbox", { name: /^Hours/ }).check();
  await hours.getByRole("checkbox", { name: "Monday" }).check();
  await hours.getByLabel("From").fill("07:00");
  await hours.getByLabel("Until").fill("19:00");
  await hours.getByLabel("Time zone").fill("Europe/Stokholm");
  const second = page.getByRole("group", { name: "Stage 2" });
  await second.getByRole("checkbox", { name: /^Stage 2/ }).check();
  await second.getByLabel("Its name").fill("Security");
  await second.getByLabel("How many approve").fill("1");
  await second.getByLabel("a group", { exact: true }).check();
  await second.getByLabel("Which group").fill("security");
  await second.getByLabel("a passkey").check();

  await expect(panel).toContainText("did you mean Europe/Stockholm?");
  await page.getByRole("button", { name: "Save as a draft" }).click();
  // Refused, and everything stands where it stood.
  await expect(page.getByRole("alert")).toContainText("One thing to put right");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Orders database, a look at night");
  await expect(page.getByRole("checkbox", { name: /^Read orders/ })).toBeChecked();
  await expect(second.getByLabel("Which group")).toHaveValue("security");
  await isForEveryone(page);
  await fits(page);

  await hours.getByLabel("Time zone").fill("Europe/Stockholm");
  await expect(panel).toContainText("There is a bundle orders-read already");
  await page.getByLabel("Key", { exact: true }).fill("orders-night");
  await expect(panel).toContainText("may have Orders database: Read orders for up to 8 hours, with approval by an owner, then one of Security with a passkey");
  await expect(panel).toContainText("It holds on Monday from 07:00 to 19:00 (Europe/Stockholm).");
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page).toHaveURL(/\/bundles\/orders-night$/);
  await expect(page.locator("#state")).toContainText("Nothing is published; version 1 is a draft.");
  await page.context().close();
});
