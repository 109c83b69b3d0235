// The throw-away clusters that `cargo xtask` starts for the stories.
import pg from "pg";

/** The major versions that Sallyport must work with. */
export type Major = 15 | 18;

/** A cluster's address, for its superuser. */
export function cluster(major: Major): URL {
  const name = `SALLYPORT_TEST_POSTGRES_${major}`;
  const url = process.env[name];
  if (!url) throw new Error(`${name} names no cluster: run \`cargo xtask e2e\``);
  return new URL(url);
}

/** Has a cluster do one thing. */
export async function does(major: Major, sql: string): Promise<void> {
  const operator = new pg.Client({ connectionString: cluster(major).toString() });
  await operator.connect();
  try {
    await operator.query(sql);
  } finally {
    await operator.end();
  }
}
