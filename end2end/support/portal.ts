// A portal of one's own: the built server as a demo, on a free port and a fresh database; and people who sign in to it.
import { test as base, expect, type Browser, type BrowserContextOptions, type Page } from "@playwright/test";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { cluster, does, type Major } from "./postgres";

const run = promisify(execFile);

/** Everybody's password in a demo. */
export const PASSWORD = "sallyport-demo";

// Nine days of a company are made up before the first answer, on machines that may have other things to do.
const STARTS_WITHIN = 120_000;
const STOPS_WITHIN = 15_000;

/** Where a portal keeps what it remembers: in a file, or on a Postgres of this version. */
export type Memory = "SQLite" | Major;

/** A portal's own database. */
type Database = { url: string; remove: () => Promise<void> };

async function freshDatabase(memory: Memory, folder: string): Promise<Database> {
  if (memory === "SQLite") return { url: `sqlite://${join(folder, "story.db")}`, remove: async () => {} };
  const name = `story_${randomBytes(8).toString("hex")}`;
  await does(memory, `create database ${name}`);
  const url = cluster(memory);
  url.pathname = `/${name}`;
  return { url: url.toString(), remove: () => does(memory, `drop database ${name} with (force)`) };
}

export class Portal {
  private said = "";

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly database: Database,
    private readonly process: ChildProcess,
  ) {
    const hear = (text: Buffer) => (this.said = (this.said + text.toString()).slice(-20_000));
    process.stdout?.on("data", hear);
    process.stderr?.on("data", hear);
  }

  /** Starts a demo; `secrets` says how it reaches its targets. */
  static async start(secrets: Record<string, string> = {}, host = "127.0.0.1", memory: Memory = "SQLite"): Promise<Portal> {
    const program = process.env.SALLYPORT_BIN;
    if (!program) throw new Error("SALLYPORT_BIN names no server: run `cargo xtask e2e`");
    const folder = await mkdtemp(join(tmpdir(), "sallyport-story-"));
    const database = await freshDatabase(memory, folder);
    const port = await freePort();
    const [address, at] = [`127.0.0.1:${port}`, `http://${host}:${port}`];
    const child = spawn(program, ["serve", "--demo", "--listen", address, "--database", database.url], {
      cwd: folder,
      env: { ...ownEnvironment(), ...secrets, SALLYPORT_PUBLIC_URL: at },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const portal = new Portal(at, folder, database, child);
    try {
      await portal.isReady();
    } catch (error) {
      await portal.stop();
      throw error;
    }
    return portal;
  }

  private async isReady(): Promise<void> {
    let failed: Error | undefined;
    this.process.on("error", (error) => (failed = error));
    for (const began = Date.now(); Date.now() - began < STARTS_WITHIN; await pause(100)) {
      if (failed) throw failed;
      if (this.process.exitCode !== null) throw new Error(`the server ended before it was ready:\n${this.said}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`the server is not ready after ${STARTS_WITHIN / 1000} seconds:\n${this.said}`);
  }

  /** What the server said last, for whoever looks into a story that failed. */
  get log(): string {
    return this.said;
  }

  /** What a command on the same database prints. */
  private async prints(...command: string[]): Promise<string> {
    const { stdout } = await run(process.env.SALLYPORT_BIN ?? "", [...command, "--database", this.database.url], {
      cwd: this.folder,
      env: ownEnvironment(),
    });
    return stdout.trim();
  }

  /** The events of a chain, exactly as they are hashed, as the command line hands them out. */
  async events(chain: string): Promise<string[]> {
    return (await this.prints("events", chain)).split("\n");
  }

  /** A one-time link for somebody, as the command line makes it: the page it leads to. */
  async linkFor(key: string): Promise<string> {
    const said = await this.prints("admin", "invite", key);
    const path = /\/welcome\/\S+/.exec(said)?.[0];
    if (!path) throw new Error(`there is no link in: ${said}`);
    return path;
  }

  /** Loads a catalogue of one file. */
  async imports(text: string): Promise<void> {
    const folder = await mkdtemp(join(this.folder, "catalogue-"));
    await writeFile(join(folder, "more.toml"), text);
    await this.prints("import", folder);
  }

  /** Loads a catalogue of one file, as the command line does. */
  async imports(text: string): Promise<void> {
    const catalogue = await mkdtemp(join(this.folder, "catalogue-"));
    await writeFile(join(catalogue, "more.toml"), text);
    const database = `sqlite://${join(this.folder, "story.db")}`;
    await run(process.env.SALLYPORT_BIN ?? "", ["import", catalogue, "--database", database], {
      cwd: this.folder,
      env: ownEnvironment(),
    });
  }

  /** Stops the server and removes what it left. */
  async stop(): Promise<void> {
    const runs = () => this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
    if (runs()) {
      const ended = once(this.process, "exit");
      this.process.kill("SIGTERM");
      await Promise.race([ended, pause(STOPS_WITHIN, undefined, { ref: false })]);
      if (runs()) {
        this.process.kill("SIGKILL");
        await ended;
      }
    }
    await this.database.remove();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A person's own browser, signed in. */
  async personAt(browser: Browser, key: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ baseURL: this.url, ...options });
    const page = await context.newPage();
    await signIn(page, key);
    return page;
  }
}

/** The environment without what is meant for the stories alone. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SALLYPORT_")));
}

/** Signs in by the form, as people do. */
export async function signIn(page: Page, key: string): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Name", { exact: true }).fill(key);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("header .account")).toBeVisible();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return address.port;
}

/** Stories that change little share a portal; it lives as long as the worker that tells them. */
export const test = base.extend<object, { portal: Portal }>({
  portal: [
    async ({}, use) => {
      const portal = await Portal.start();
      await use(portal);
      await portal.stop();
    },
    { scope: "worker", timeout: STARTS_WITHIN + STOPS_WITHIN },
  ],
});

export { expect };
