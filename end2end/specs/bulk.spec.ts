// Several yeses at once, as a plain form: chosen by keyboard, sent without a script, and each answered by itself.
import type { Locator, Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, Portal, test } from "../support/portal";
import { READ } from "../support/story";

/** What of the list is chosen, by whose it is. */
function choice(page: Page, who: string): Locator {
  return page.getByRole("checkbox", { name: `Choose ${who} · ${READ.name}`, exact: true });
}

/** Tabs until this has the focus. */
async function tabsTo(page: Page, to: Locator): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    if (await to.evaluate((one) => one === document.activeElement)) return;
  }
  throw new Error(`Tab never leads to ${to}`);
}

test("without JavaScript Priya approves one of two by keyboard, and reads why not the other", async ({ browser }) => {
  test.setTimeout(180_000);
  const portal = await Portal.start();
  try {
    const priya = await portal.personAt(browser, "priya.raman", { javaScriptEnabled: false });
    await priya.goto("/inbox");
    const approves = priya.getByRole("button", { name: "Approve these" });
    await expect(approves).toBeHidden();
    const waits = await priya.locator(".picks li").count();

    await test.step("she chooses with the space bar, and what to do with them shows up", async () => {
      for (const who of ["João Marques", "Maya Lindqvist"]) {
        await tabsTo(priya, choice(priya, who));
        await priya.keyboard.press("Space");
        await expect(choice(priya, who)).toBeChecked();
      }
      await expect(approves).toBeVisible();
      await fits(priya);
    });

    await test.step("the same is for everyone, where scripts run, in a narrow window too", async () => {
      const ola = await portal.personAt(browser, "ola.nord", { viewport: { width: 320, height: 640 } });
      await ola.goto("/inbox");
      await choice(ola, "Maya Lindqvist").check();
      await expect(ola.getByRole("button", { name: "Approve these" })).toBeVisible();
      await isForEveryone(ola);
      await fits(ola);
      await ola.context().close();
    });

    await test.step("meanwhile Maya takes hers back", async () => {
      const maya = await portal.personAt(browser, "maya.lindqvist");
      await maya.goto("/access");
      await maya.getByRole("button", { name: `Withdraw ${READ.name}`, exact: true }).click();
      await expect(maya.getByRole("button", { name: `Withdraw ${READ.name}`, exact: true })).toHaveCount(0);
      await maya.context().close();
    });

    await test.step("each is answered by itself", async () => {
      await tabsTo(priya, priya.getByLabel("A word to each of them"));
      await priya.keyboard.type("As we agreed this morning");
      await tabsTo(priya, approves);
      await priya.keyboard.press("Enter");
      await expect(priya.getByRole("heading", { name: "1 of 2 approved" })).toBeVisible();
      await expect(priya.getByText("Withdrawn by Maya Lindqvist")).toBeVisible();
      await fits(priya);
      await expect(priya.locator(".picks li")).toHaveCount(waits - 2);
      await priya.getByRole("link", { name: /^Maya Lindqvist asks for/ }).click();
      await expect(priya.getByRole("article")).toContainText("Maya Lindqvist took it back");
    });
    await priya.context().close();
  } finally {
    await portal.stop();
  }
});
