// A real Postgres as the target of a portal: a database of its own with the tables, roles and accounts that the demo's catalogue names.
import { expect } from "@playwright/test";
import pg from "pg";
import { Portal, test as base, type Memory } from "./portal";
import { cluster, type Major } from "./postgres";

const ACCOUNT_PASSWORD = "demo";
const CONNECTOR = "story_connector";
const DATABASE = "sallyport_story";
const ROLES = ["orders_read", "orders_write", "payments_read", "payments_export"];
const ACCOUNTS = ["maya_l", "priya_r", "svc_invoice"];

/** What Postgres says to somebody without the right. */
const REFUSED = "42501";
/** What it says to a session that an operator ends. */
const ENDED = ["57P01", "EPIPE", "ECONNRESET"];

/** Roles belong to the whole cluster, so one story at a time has it. */
const TURN = 7_259_825;

export class Target {
  private readonly open: Session[] = [];

  private constructor(
    private readonly cluster: URL,
    private readonly operator: pg.Client,
  ) {}

  static async prepare(major: Major): Promise<Target> {
    const url = cluster(major);
    const operator = new pg.Client({ connectionString: url.toString() });
    await operator.connect();
    await operator.query(`select pg_advisory_lock(${TURN})`);
    const target = new Target(url, operator);
    await target.clear();
    await target.fill();
    return target;
  }

  /** The address of the database for one of its roles. */
  private address(role: string, password = ACCOUNT_PASSWORD): string {
    const url = new URL(this.cluster);
    url.username = role;
    url.password = password;
    url.pathname = `/${DATABASE}`;
    return url.toString();
  }

  /** What the server is told about it. */
  get secrets(): Record<string, string> {
    const connector = this.address(CONNECTOR);
    return { SALLYPORT_SECRET_ORDERS_DB: connector, SALLYPORT_SECRET_PAYMENTS_DB: connector };
  }

  private async clear(): Promise<void> {
    await this.operator.query(`drop database if exists ${DATABASE} with (force)`);
    for (const role of [...ACCOUNTS, CONNECTOR, ...ROLES]) await this.operator.query(`drop role if exists ${role}`);
  }

  private async fill(): Promise<void> {
    await this.operator.query(`create database ${DATABASE}`);
    const inside = new pg.Client({ connectionString: this.address(this.cluster.username, this.cluster.password) });
    await inside.connect();
    await inside.query(`
      create role ${CONNECTOR} login createrole password '${ACCOUNT_PASSWORD}';
      grant pg_signal_backend to ${CONNECTOR};
      ${ROLES.map((role) => `create role ${role} nologin; grant ${role} to ${CONNECTOR} with admin option;`).join("\n")}
      ${ACCOUNTS.map((account) => `create role ${account} login password '${ACCOUNT_PASSWORD}';`).join("\n")}
      revoke create on schema public from public;
      create schema orders;
      create table orders.orders (id integer primary key, customer text not null);
      insert into orders.orders values (1001, 'Harbour Books'), (1002, 'Nils Aronsson'), (1003, 'Skerry Café');
      grant usage on schema orders to orders_read;
      grant select on all tables in schema orders to orders_read;
    `);
    await inside.end();
  }

  /** Somebody logs in to the database and stays. */
  async login(account: string): Promise<Session> {
    const session = await Session.begin(this.address(account));
    this.open.push(session);
    return session;
  }

  /** Asks once, in a session of its own. */
  private async ask(account: string): Promise<string> {
    const session = await Session.begin(this.address(account));
    const said = await session.reads();
    await session.end();
    return said;
  }

  /** A new query is refused, now or within a few seconds. */
  async refuses(account: string): Promise<void> {
    await expect.poll(() => this.ask(account), { timeout: 20_000 }).toBe("refused");
  }

  /** A new query is answered, now or within a few seconds. */
  async answers(account: string): Promise<void> {
    await expect.poll(() => this.ask(account), { timeout: 20_000 }).toBe("3 orders");
  }

  async remove(): Promise<void> {
    for (const session of this.open) await session.end();
    await this.clear();
    await this.operator.end();
  }
}

/** Somebody's session on the database. */
export class Session {
  private over = false;

  private constructor(private readonly client: pg.Client) {
    // Without a listener the end of a session would end the tests.
    client.on("error", () => (this.over = true));
    client.on("end", () => (this.over = true));
  }

  static async begin(address: string): Promise<Session> {
    const client = new pg.Client({ connectionString: address });
    const session = new Session(client);
    await client.connect();
    return session;
  }

  async does(sql: string): Promise<void> {
    await this.client.query(sql);
  }

  /** What comes of reading the orders: how many there are, `refused`, or `ended`. */
  async reads(): Promise<string> {
    if (this.over) return "ended";
    try {
      const { rows } = await this.client.query<{ n: number }>("select count(*)::int as n from orders.orders");
      return `${rows[0]?.n} orders`;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (code === REFUSED) return "refused";
      if (this.over || ENDED.includes(code)) return "ended";
      throw error;
    }
  }

  async end(): Promise<void> {
    if (!this.over) await this.client.end();
  }
}

/** Stories whose portal has a real target, each with both to itself. */
export const test = base.extend<{ major: Major; memory: Memory; target: Target; linked: Portal }>({
  major: [15, { option: true }],
  memory: ["SQLite", { option: true }],
  target: [
    async ({ major }, use) => {
      const target = await Target.prepare(major);
      await use(target);
      await target.remove();
    },
    // Another story may have the cluster first.
    { timeout: 300_000 },
  ],
  linked: [
    async ({ target, memory }, use, story) => {
      const portal = await Portal.start(target.secrets, "127.0.0.1", memory);
      await use(portal);
      if (story.status !== story.expectedStatus) await story.attach("what the server said", { body: portal.log });
      await portal.stop();
    },
    { timeout: 180_000 },
  ],
});

export { expect };
