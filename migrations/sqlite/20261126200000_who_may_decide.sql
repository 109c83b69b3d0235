-- Who of many may decide, and what they are called, is told from this index alone.
create index identities_known on identities (id, active, kind, name);
