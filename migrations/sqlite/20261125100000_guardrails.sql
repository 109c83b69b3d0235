-- The organisation's own rules above every bundle: one row, changed only together with an event.
create table guardrails (
  id blob primary key,
  version integer not null,
  body text not null,
  -- The version that counts now; none before one was published.
  published integer,
  draft integer not null
) strict;
