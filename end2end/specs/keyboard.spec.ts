// The main story by keyboard alone, in the narrowest window people use, in the dark.
import type { Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, test } from "../support/target";
import { READ, WHY, saysInTime, sentence, takesBackTheEarlierRequest } from "../support/story";

const NARROW = { viewport: { width: 320, height: 640 }, colorScheme: "dark" } as const;

/** What has the focus, by name, and whether one can see that. */
async function focused(page: Page): Promise<{ name: string; shown: boolean }> {
  return page.evaluate(() => {
    const one = document.activeElement;
    if (!(one instanceof HTMLElement)) return { name: "", shown: false };
    const labels = "labels" in one ? [...((one.labels as NodeListOf<HTMLLabelElement> | null) ?? [])] : [];
    const said = one.getAttribute("aria-label") ?? (labels.map((label) => label.textContent).join(" ") || one.textContent || "");
    const box = one.getBoundingClientRect();
    const marked = [one, ...labels].some((shown) => {
      const style = getComputedStyle(shown);
      return style.outlineStyle !== "none" || style.boxShadow !== "none";
    });
    const inside = box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
    return { name: said.replace(/\s+/g, " ").trim(), shown: marked && inside };
  });
}

/** Tabs until the wanted control has the focus, and sees that one can see it, once the page has scrolled there. */
async function tabsTo(page: Page, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    seen.push(at.name);
    if (name.test(at.name)) {
      await expect.poll(async () => (await focused(page)).shown, { message: `“${at.name}” has the focus, and one can see that` }).toBe(true);
      return;
    }
  }
  throw new Error(`Tab never leads to ${name}, only to: ${seen.join(" | ")}`);
}

test("by keyboard alone, at 320 pixels in the dark, Maya asks, Priya approves, and Maya gives it back", async ({ browser, linked, target }) => {
  test.setTimeout(150_000);
  const maya = await linked.personAt(browser, "maya.lindqvist", NARROW);
  await takesBackTheEarlierRequest(maya);

  await test.step("the cursor waits in the search, and she asks from there", async () => {
    await maya.goto("/");
    await expect(maya.getByRole("searchbox", { name: "What do you want to do?" })).toBeFocused();
    await fits(maya);
    await maya.keyboard.type("read orders");
    await maya.keyboard.press("Enter");
    await expect(maya).toHaveURL(/\/catalogue/);
    await fits(maya);
    await tabsTo(maya, /^Orders database, read$/);
    await maya.keyboard.press("Enter");
    await expect(sentence(maya)).toHaveText(`Ask for ${READ.name}`);
    await fits(maya);
    await tabsTo(maya, /^For whom/);
    // Up and down the lengths, and back to where it was.
    await maya.keyboard.press("Tab");
    await maya.keyboard.press("ArrowRight");
    await maya.keyboard.press("ArrowLeft");
    await expect(maya.locator("input[name=duration][value='4h']")).toBeChecked();
    await tabsTo(maya, /^Why/);
    await maya.keyboard.type(WHY);
    await expect(maya.locator("#ruling").getByRole("status")).toHaveText("You may ask for this");
    await isForEveryone(maya);
    await tabsTo(maya, /^Ask for access$/);
    await maya.keyboard.press("Enter");
    await expect(sentence(maya)).toHaveText(`You ask for ${READ.name} for 4 hours.`);
    await fits(maya);
    await isForEveryone(maya);
  });

  await test.step("Priya goes to her inbox through the menu, and approves with a key", async () => {
    const priya = await linked.personAt(browser, "priya.raman", NARROW);
    await tabsTo(priya, /^Menu/);
    await priya.keyboard.press("Enter");
    await tabsTo(priya, /^Inbox/);
    await priya.keyboard.press("Enter");
    await expect(priya).toHaveURL(/\/inbox$/);
    await fits(priya);
    await tabsTo(priya, new RegExp(`^Maya Lindqvist · ${READ.name}`));
    await priya.keyboard.press("Enter");
    await expect(priya.getByRole("article")).toContainText(WHY);
    await fits(priya);
    await isForEveryone(priya);
    const approve = priya.getByRole("button", { name: "Approve" });
    await expect(async () => {
      await priya.keyboard.press("a");
      await expect(approve).toBeFocused({ timeout: 500 });
    }).toPass({ timeout: 20_000 });
    await priya.keyboard.press("Enter");
    await expect(approve).toHaveCount(0);
    await priya.context().close();
  });

  await saysInTime(maya, `You have ${READ.name}`, false);
  await target.answers("maya_l");
  await tabsTo(maya, /^Give it back now$/);
  await maya.keyboard.press("Enter");
  await target.refuses("maya_l");
  await fits(maya);
});
