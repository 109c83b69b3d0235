// The main story, down to the target: what an approval gives really works in a real database, and what ends really ends there.
import { expect, test } from "../support/target";
import { READ, SUPPORT, WHY, approves, asks, opensInInbox, saysInTime, sentence, takesBackTheEarlierRequest } from "../support/story";

/** Where rights are given, and where the portal itself keeps what it remembers. */
const WORLDS = [
  { major: 15, memory: "SQLite" },
  { major: 18, memory: 18 },
] as const;

for (const { major, memory } of WORLDS) {
  test.describe(`on Postgres ${major}, with the portal on ${memory === "SQLite" ? memory : `Postgres ${memory}`}`, () => {
    test.use({ major, memory });
    test.setTimeout(120_000);

    test("Maya asks, Priya approves, the orders can be read, and no longer once it is given back", async ({ browser, linked, target }) => {
      const maya = await linked.personAt(browser, "maya.lindqvist");
      await takesBackTheEarlierRequest(maya);
      await target.refuses("maya_l");

      await test.step("she finds the bundle by what she wants to do", async () => {
        await maya.goto("/");
        await maya.getByRole("searchbox", { name: "What do you want to do?" }).fill("read orders");
        await maya.keyboard.press("Enter");
        await maya.getByRole("link", { name: READ.name, exact: true }).click();
        await expect(sentence(maya)).toHaveText(`Ask for ${READ.name}`);
      });

      await test.step("the ruling beside the form follows what she writes", async () => {
        const verdict = maya.locator("#ruling").getByRole("status");
        await expect(verdict).toHaveText("A little more is needed");
        await maya.getByLabel("Why").fill(WHY);
        await expect(verdict).toHaveText("You may ask for this");
        await maya.getByRole("radio", { name: "Another" }).check();
        await maya.getByLabel("Length").fill("9");
        await expect(verdict).toHaveText("This would be refused");
        await maya.locator("input[name=duration][value='4h']").check();
        await expect(verdict).toHaveText("You may ask for this");
        await expect(maya.locator("#ruling")).toContainText("Priya Raman");
      });

      await test.step("she asks, and nothing is given yet", async () => {
        await maya.getByRole("button", { name: "Ask for access" }).click();
        await expect(sentence(maya)).toHaveText(`You ask for ${READ.name} for 4 hours.`);
        await expect(maya.getByRole("button", { name: "Approve" })).toHaveCount(0);
        await target.refuses("maya_l");
      });

      await test.step("Priya reads why, and approves from her inbox", async () => {
        const priya = await linked.personAt(browser, "priya.raman");
        await opensInInbox(priya, "Maya Lindqvist", READ);
        await expect(priya.getByRole("article")).toContainText(WHY);
        await approves(priya);
        await priya.context().close();
      });

      await test.step("Maya's page says so by itself, and the orders can be read", async () => {
        await saysInTime(maya, `You have ${READ.name}`, false);
        await expect(maya.locator("#there")).toContainText("Seen");
        await target.answers("maya_l");
      });

      const leftOpen = await target.login("maya_l");
      const asTheRole = await target.login("maya_l");
      await asTheRole.does("set role orders_read");
      expect([await leftOpen.reads(), await asTheRole.reads()]).toEqual(["3 orders", "3 orders"]);

      await test.step("she gives it back: a new query is refused, and what was open is over", async () => {
        await maya.getByRole("button", { name: "Give it back now" }).click();
        await target.refuses("maya_l");
        await expect.poll(() => leftOpen.reads()).toMatch(/^(refused|ended)$/);
        await expect.poll(() => asTheRole.reads()).toBe("ended");
        await expect(maya.locator("#there")).toContainText("Seen gone", { timeout: 60_000 });
      });
    });

    test("of two bundles that share a role, ending one leaves the other", async ({ browser, linked, target }) => {
      const maya = await linked.personAt(browser, "maya.lindqvist");
      const priya = await linked.personAt(browser, "priya.raman");
      const nadia = await linked.personAt(browser, "nadia.haddad");
      await takesBackTheEarlierRequest(maya);
      const pages: string[] = [];
      // The shift reaches a second system, whose owner decides first.
      for (const { bundle, deciders } of [
        { bundle: READ, deciders: [priya] },
        { bundle: SUPPORT, deciders: [nadia, priya] },
      ]) {
        await asks(maya, bundle);
        pages.push(maya.url());
        for (const decider of deciders) {
          await opensInInbox(decider, "Maya Lindqvist", bundle);
          await approves(decider);
        }
        await saysInTime(maya, `You have ${bundle.name}`, false);
      }
      const [read, support] = pages as [string, string];
      await target.answers("maya_l");
      const session = await target.login("maya_l");

      await maya.goto(read);
      await maya.getByRole("button", { name: "Give it back now" }).click();
      await expect(maya.getByRole("button", { name: "Give it back now" })).toHaveCount(0);
      await expect(maya.getByText("Ended", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
      await target.answers("maya_l");
      expect(await session.reads()).toBe("3 orders");

      await maya.goto(support);
      await expect(sentence(maya)).toContainText(`You have ${SUPPORT.name}`);
      await maya.getByRole("button", { name: "Give it back now" }).click();
      await target.refuses("maya_l");
      await expect.poll(() => session.reads()).toMatch(/^(refused|ended)$/);
    });
  });
}
