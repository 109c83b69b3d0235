// Ctrl-K goes anywhere one may go.
import type { Page } from "@playwright/test";
import { isForEveryone } from "../support/axe";
import { expect, test } from "../support/portal";
import { READ, sentence } from "../support/story";

/** Opens it, once the page hears keys, and looks for something. */
async function looksFor(page: Page, text: string): Promise<void> {
  await page.goto("/");
  const field = page.getByRole("combobox", { name: "Go to" });
  await expect(async () => {
    await page.keyboard.press("Control+k");
    await expect(field).toBeFocused({ timeout: 500 });
  }).toPass({ timeout: 20_000 });
  await page.keyboard.type(text);
}

test("an admin goes to a person, a system and a group, and Maya to what she asked for", async ({ browser, portal }) => {
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  for (const [text, kind, path] of [
    ["maya lindq", "person", "/identities/maya.lindqvist"],
    ["orders database", "system", "/systems/orders-db"],
    ["engineering", "group", "/groups/engineering"],
  ] as const) {
    await test.step(text, async () => {
      await looksFor(astrid, text);
      const place = astrid.locator(`#places [role=option][data-to="${path}"]`);
      await expect(place).toContainText(kind);
      await isForEveryone(astrid);
      await place.click();
      await expect(astrid).toHaveURL(new RegExp(`${path}$`));
    });
  }
  await astrid.context().close();

  const maya = await portal.personAt(browser, "maya.lindqvist");
  await looksFor(maya, `asks for ${READ.name} for 4`);
  await expect(maya.getByRole("option", { name: /request$/ })).toHaveCount(1);
  await maya.keyboard.press("Enter");
  await expect(sentence(maya)).toContainText(`You ask for ${READ.name}`);
  await looksFor(maya, "priya");
  await expect(maya.getByRole("option")).toHaveCount(0);
  await maya.context().close();
});
