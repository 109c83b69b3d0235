-- The organisation's own rules above every bundle: one row, changed only together with an event.
create table guardrails (
  id uuid primary key,
  version integer not null,
  body text not null,
  -- The version that counts now; none before one was published.
  published integer,
  draft boolean not null
);
