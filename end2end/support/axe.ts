// What a machine can find that keeps people out: nothing may be found.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** WCAG 2.0 to 2.2, levels A and AA: not one violation on the page as it stands. */
export async function isForEveryone(page: Page): Promise<void> {
  // A colour that is still changing is not the one that people read.
  await page.evaluate(() => Promise.all(document.getAnimations().map((it) => it.finished.catch(() => null))));
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"])
    .analyze();
  const said = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
  expect(said, `on ${page.url()}`).toEqual([]);
}

/** Nothing sticks out at the side. */
export async function fits(page: Page): Promise<void> {
  const tooWide = await page.evaluate(() => {
    const root = document.documentElement;
    return root.scrollWidth > root.clientWidth
      ? [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1)
          .map((one) => `${one.tagName} ${one.className}`.trim())
          .slice(0, 5)
      : [];
  });
  expect(tooWide, `wider than the window on ${page.url()}`).toEqual([]);
}
