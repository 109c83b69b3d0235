// The organisation's own rules above every bundle are moved by two as well: written with their tests, read for mistakes at their line, replayed
// over what people asked for, sent back, published; and then the rule says no in its own sentence.
import type { Locator, Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, test } from "../support/portal";
import { WHY, confirmsByPassword, replayed, sentence, submits } from "../support/story";

const PREVIEW = { key: "flags-preview", name: "Unreleased features, see" };

/** A rule about previews: `most` in words and in minutes, and what of the ask it looks at. */
const rule = (most: string, minutes: number, looksAt = "minutes") => `
@id("previews-for-a-while")
@says("what is not released yet is looked at for ${most} at most")
forbid (principal, action, resource == Bundle::"${PREVIEW.key}")
when { context.${looksAt} > ${minutes} };
`;

const TEST = `
[[test]]
says = "nobody looks at a preview for two weeks"
bundle = { key = "${PREVIEW.key}" }
for = "14d"
expect = { allowed = false, by = ["previews-for-a-while"] }
`;

const rules = (page: Page): Locator => page.getByLabel("The rules, in Cedar");
const tests = (page: Page): Locator => page.getByLabel("Their tests, in TOML");

/** Opens the editor from the page of the guardrails. */
async function edits(page: Page): Promise<void> {
  await page.goto("/guardrails");
  await page.getByRole("link", { name: /^(Write a new version|Edit the draft)$/ }).click();
  await expect(rules(page)).not.toHaveValue("");
}

async function saves(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page).toHaveURL(/\/guardrails$/);
}

/** In which line of a text a word stands; the first is 1. */
const lineOf = (text: string, word: string) => text.split("\n").findIndex((line) => line.includes(word)) + 1;

test("Astrid writes a guardrail, Tomás sends it back and publishes what she makes of it, and it says no in its own words", async ({ browser, portal }) => {
  test.setTimeout(150_000);
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  const tomas = await portal.personAt(browser, "tomas.ferreira");
  const panel = astrid.locator("#ruling");
  const publish = tomas.getByRole("button", { name: /^Publish version/ });

  await test.step("a type error is shown at its line while she writes, and leads there", async () => {
    await edits(astrid);
    const wrong = (await rules(astrid).inputValue()) + rule("a day", 1440, "minuts");
    const line = lineOf(wrong, "minuts");
    await rules(astrid).fill(wrong);
    await expect(panel).toContainText("One mistake: it can be saved, and not published");
    await expect(panel.getByRole("listitem").filter({ hasText: "minuts" })).toContainText(`Rules, line ${line}:`);
    await panel.getByRole("link", { name: `Rules, line ${line}` }).click();
    const selected = await rules(astrid).evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    );
    expect(selected).toContain("context.minuts");
    await isForEveryone(astrid);
    await fits(astrid);
    await saves(astrid);
  });

  await test.step("a draft that cannot be read is published by nobody", async () => {
    const draft = astrid.getByRole("region", { name: /writes version/ });
    await expect(draft).toContainText(/Rules, line \d+:.*minuts/);
    await submits(astrid);
    await expect(async () => {
      await tomas.goto("/guardrails");
      await expect(replayed(tomas)).toContainText("recorded requests", { timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    await expect(tomas.locator("#review")).toContainText(/Rules, line \d+:.*minuts/);
    await expect(publish).toHaveCount(0);
  });

  await test.step("she puts it right; a test that does not fit is shown as well", async () => {
    await edits(astrid);
    await rules(astrid).fill((await rules(astrid).inputValue()).replace("context.minuts", "context.minutes"));
    const before = await tests(astrid).inputValue();
    await tests(astrid).fill(before + TEST.replace("allowed = false", "allowed = true"));
    const failing = panel.getByRole("listitem").filter({ hasText: "nobody looks at a preview for two weeks" });
    await expect(failing).toContainText("it was refused, by previews-for-a-while");
    await expect(panel).toContainText("It can be saved, and not yet published");
    await tests(astrid).fill(before + TEST);
    await expect(panel).toContainText("It can be saved and reviewed");
    await expect(panel).toContainText("What is not released yet is looked at for a day at most.");
    await saves(astrid);
    await expect(astrid.getByRole("list", { name: "What the draft would change" })).toContainText("previews-for-a-while");
    await submits(astrid);
    await isForEveryone(astrid);
    await fits(astrid);
  });

  await test.step("he sees whom it would newly refuse, and sends it back", async () => {
    await tomas.goto("/notices");
    await expect(tomas.getByText(/Astrid Nyberg wants version \d+ of the guardrails reviewed/).first()).toBeVisible();
    await expect(async () => {
      await tomas.goto("/guardrails");
      await expect(replayed(tomas)).toContainText("would be refused now", { timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    await expect(publish).toBeVisible();
    await replayed(tomas).getByText("Newly refused").click();
    const viktors = replayed(tomas).getByRole("listitem").filter({ hasText: "For Viktor Strand" });
    await expect(viktors).toContainText("looked at for a day at most");
    await expect(viktors.getByRole("link")).toHaveAttribute("href", /^\/requests\/[0-9a-f-]{36}$/);
    await isForEveryone(tomas);
    await tomas.getByLabel("What you say to it").fill("A day is too short for anybody: make it a week.");
    await tomas.getByRole("button", { name: "Send it back" }).click();
    await expect(tomas.getByRole("button", { name: "Send it back" })).toHaveCount(0);
    await expect(publish).toHaveCount(0);
  });

  await test.step("she reads why, and makes it a week", async () => {
    await astrid.goto("/guardrails");
    await expect(astrid.getByRole("region", { name: "What was said about it" })).toContainText("make it a week");
    await edits(astrid);
    const written = await rules(astrid).inputValue();
    await rules(astrid).fill(written.replace(rule("a day", 1440), rule("a week", 10_080)));
    await expect(panel).toContainText("looked at for a week at most");
    await saves(astrid);
    await submits(astrid);
    await expect(astrid.getByRole("button", { name: /^Publish version/ })).toHaveCount(0);
  });

  await test.step("he publishes it once the replay is finished", async () => {
    await expect(async () => {
      await tomas.goto("/guardrails");
      await expect(publish).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    await publish.click();
    await confirmsByPassword(tomas);
    await expect(publish).toHaveCount(0);
    await expect(sentence(tomas)).toContainText("counts, published by Tomás Ferreira");
    await expect(tomas.getByRole("region", { name: "What they say" })).toContainText("looked at for a week at most");
  });

  await test.step("Maya is told before she asks, and refused in the rule's own sentence", async () => {
    const maya = await portal.personAt(browser, "maya.lindqvist");
    const says = "What is not released yet is looked at for a week at most.";
    await maya.goto(`/ask/${PREVIEW.key}`);
    await expect(maya.locator("#ruling")).toContainText("This would be refused");
    await expect(maya.locator("#ruling")).toContainText(says);
    await maya.getByLabel("Why").fill(WHY);
    await maya.getByRole("button", { name: "Ask for access" }).click();
    await expect(maya).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
    await expect(sentence(maya)).toContainText(`You asked for ${PREVIEW.name}`);
    await expect(sentence(maya)).toContainText("and it was refused");
    await expect(maya.locator("main")).toContainText(says);
    await expect(maya.locator("#record")).toContainText(/Version \d+, cedar \d+\.\d+\.\d+/);
    await expect(maya.locator("#record")).toContainText(says);
    await isForEveryone(maya);
    await fits(maya);
    await maya.context().close();
  });
  await astrid.context().close();
  await tomas.context().close();
});

test("without scripts the text is checked by a button, and comes back as it was", async ({ browser, portal }) => {
  const page = await portal.personAt(browser, "astrid.nyberg", { javaScriptEnabled: false });
  await page.goto("/guardrails/edit");
  const wrong = (await rules(page).inputValue()) + rule("a day", 1440, "minuts");
  const line = lineOf(wrong, "minuts");
  await rules(page).fill(wrong);
  await page.getByRole("button", { name: "Check first" }).click();
  const panel = page.locator("#ruling");
  await expect(panel).toContainText(`Rules, line ${line}:`);
  await expect(panel.getByRole("link", { name: `Rules, line ${line}` })).toHaveAttribute("href", "#rules");
  await expect(rules(page)).toHaveValue(wrong);
  await page.context().close();
});
