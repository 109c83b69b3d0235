// An exception from separation of duties: policy says no, it is asked for as an exception and says why, two from different sides agree, and
// once it has ended somebody who had no part in it looks back at it (R6, R26, R37, R66).
import type { Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, Portal, test } from "../support/portal";
import { approves, opensInInbox, saysInTime, sentence, takesBackTheEarlierRequest } from "../support/story";

const HELD = "Source code, maintain";
const RUN = { key: "ci-run", name: "Test runs, start" };
const WHY = "The checkout tests hang since the new merge rule: I stop them and start them one by one";
const FOUND = "He stopped and started eleven runs and merged nothing meanwhile; next time Nadia can do that for him.";

/** The page is for everyone as it stands, wide and light, narrow and dark. */
async function isSeen(page: Page): Promise<void> {
  for (const { colorScheme, ...size } of [
    { width: 320, height: 640, colorScheme: "dark" },
    { width: 1280, height: 720, colorScheme: "light" },
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await isForEveryone(page);
    await fits(page);
  }
}

test("Hamza, who may change the merge rules, starts test runs as an exception, and Linnéa looks back at it", async ({ browser }) => {
  test.setTimeout(240_000);
  const portal = await Portal.start();
  try {
    const hamza = await portal.personAt(browser, "hamza.yilmaz");
    // In the demo it waits already; the story begins at its beginning.
    await takesBackTheEarlierRequest(hamza, RUN);

    await test.step("policy says no, and names the two ways there are", async () => {
      await hamza.goto(`/ask/${RUN.key}`);
      const panel = hamza.locator("#ruling");
      await expect(panel.getByRole("status")).toHaveText("This would be refused");
      await expect(panel).toContainText(`Hamza Yılmaz has “${HELD}”, which must not be in the same hands.`);
      await expect(panel).toContainText(`give “${HELD}” back first; or ask as an exception`);
      await expect(panel.getByRole("checkbox", { name: "Ask as an exception" })).not.toBeChecked();
      await isSeen(hamza);
    });

    await test.step("as an exception it wants a reason, and nothing is lost where that is too short", async () => {
      const panel = hamza.locator("#ruling");
      const tick = panel.getByRole("checkbox", { name: "Ask as an exception" });
      await tick.check();
      await expect(panel.getByRole("status")).toHaveText("A little more is needed");
      await expect(panel).toContainText("Say why in at least 40 characters, as it is an exception; there are 0.");
      await expect(tick).toBeChecked();
      await expect(tick).toBeFocused();
      await hamza.getByLabel("Why").fill("The tests hang");
      await hamza.getByRole("button", { name: "Ask for access" }).click();
      await expect(hamza.locator("#why-error")).toContainText("Say why in at least 40 characters");
      await expect(hamza.getByLabel("Why")).toHaveValue("The tests hang");
      await expect(tick).toBeChecked();
      await hamza.getByLabel("Why").fill(WHY);
      await expect(panel.getByRole("status")).toHaveText("You may ask for this");
      await expect(panel).toContainText(`“${RUN.name}” is asked for as an exception beside “${HELD}”.`);
      await expect(panel).toContainText("Not at once, because it is asked for as an exception.");
      await isSeen(hamza);
    });

    const request = await test.step("he asks, and the request says what it is", async () => {
      await hamza.getByRole("button", { name: "Ask for access" }).click();
      await expect(hamza).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
      await expect(sentence(hamza)).toHaveText(`You ask for ${RUN.name} for 2 hours.`);
      const note = hamza.getByRole("note").filter({ hasText: "An exception from separation of duties" });
      await expect(note).toContainText(`You held “${HELD}” when it was asked`);
      await isSeen(hamza);
      return new URL(hamza.url()).pathname;
    });

    await test.step("an owner agrees, and a second owner does not make it two sides", async () => {
      const nadia = await portal.personAt(browser, "nadia.haddad");
      await nadia.goto("/inbox");
      const waits = nadia.getByRole("link", { name: new RegExp(`^Hamza Yılmaz · ${RUN.name}`) });
      await expect(waits).toContainText("an exception");
      await opensInInbox(nadia, "Hamza Yılmaz", RUN);
      await expect(nadia.getByRole("article")).toContainText(`Hamza Yılmaz held “${HELD}” when it was asked`);
      await expect(nadia.getByRole("article")).toContainText(WHY);
      await isSeen(nadia);
      await approves(nadia);
      await nadia.context().close();

      const linnea = await portal.personAt(browser, "linnea.ek");
      await linnea.goto(request);
      await expect(sentence(linnea)).toContainText(`Hamza Yılmaz asks for ${RUN.name}`);
      await expect(linnea.getByRole("button", { name: "Approve" })).toHaveCount(0);
      await linnea.context().close();
    });

    await test.step("Security agrees as well, and he has it", async () => {
      const ingrid = await portal.personAt(browser, "ingrid.solberg");
      await opensInInbox(ingrid, "Hamza Yılmaz", RUN);
      await approves(ingrid);
      await ingrid.context().close();
      await saysInTime(hamza, `You have ${RUN.name}`, false);
      const review = hamza.getByRole("region", { name: "Review", exact: true });
      await hamza.reload();
      await expect(review).toContainText("It is reviewed once the access has ended, by somebody who had no part in it.");
    });

    await test.step("he gives it back, and the review is owed by who had no part in it", async () => {
      await hamza.getByRole("button", { name: "Give it back now" }).click();
      const review = hamza.getByRole("region", { name: "Review", exact: true });
      await expect(async () => {
        await hamza.reload();
        await expect(review).toContainText("Owed by Linnéa Ek, and due", { timeout: 1_000 });
      }).toPass({ timeout: 20_000 });
      await expect(hamza.getByRole("button", { name: "Close the review" })).toHaveCount(0);
    });

    await test.step("Linnéa finds it on her first page, and writes what she found", async () => {
      const linnea = await portal.personAt(browser, "linnea.ek");
      await linnea.goto("/");
      const owed = linnea.getByRole("region", { name: "Exceptions for you to review" });
      await expect(owed).toContainText("due");
      await isSeen(linnea);
      await owed.getByRole("link", { name: `${RUN.name} for Hamza Yılmaz`, exact: true }).click();
      await expect(linnea).toHaveURL(/\/requests\/[0-9a-f-]{36}#exception$/);
      const review = linnea.getByRole("region", { name: "Review", exact: true });
      await expect(review).toBeInViewport();
      await isSeen(linnea);
      await review.getByLabel("What you found").fill(FOUND);
      await review.getByRole("button", { name: "Close the review" }).click();
      await expect(review).toContainText("Linnéa Ek reviewed it");
      await expect(review).toContainText(FOUND);
      await expect(review.getByRole("button", { name: "Close the review" })).toHaveCount(0);
      await isSeen(linnea);
      await linnea.goto("/");
      await expect(sentence(linnea)).not.toBeEmpty();
      await expect(owed).toHaveCount(0);
      await linnea.context().close();
    });

    await test.step("the timeline tells all of it, in order", async () => {
      await hamza.goto(request);
      const story = hamza.getByRole("region", { name: "What happened" });
      const told = await story.getByRole("listitem").allInnerTexts();
      const after = [
        /^Hamza Yılmaz asked for 2 hours, as an exception/,
        /^Nadia Haddad approved; more approvals are needed/,
        /^Ingrid Solberg approved/,
        /^Hamza Yılmaz gave the access back/,
        /^Linnéa Ek reviewed the exception/,
      ].map((line) => told.findIndex((text) => line.test(text.trim())));
      expect(after, told.join("\n")).not.toContain(-1);
      expect(after).toEqual([...after].sort((a, b) => a - b));
      await expect(story).toContainText(FOUND);
    });
    await hamza.context().close();
  } finally {
    await portal.stop();
  }
});
