-- How long people waited for a bundle is told from this index alone.
create index requests_granted on requests (bundle_id, id, asked_at) where state = 'granted';

-- What somebody has is found without what they had, and what they wait for without what was decided.
create index grants_live on grants (subject_id, id) where state <> 'ended';
create index grants_ended on grants (subject_id, id) where state = 'ended';
create index requests_open_for on requests (subject_id, id) where state in ('waiting', 'approved');
create index requests_open_by on requests (asker_id, id) where state in ('waiting', 'approved');
drop index requests_by_asker;

-- A list of names is read from an index alone.
drop index systems_by_name;
create index systems_by_name on systems (name, id, key);

-- What a right is called stands beside it, so that nobody reads a whole system for it.
alter table entitlements add column name text not null default '';
update entitlements set name = coalesce((
  select json_extract(s.body, '$.spec.entitlements."' || lower(
    substr(hex(entitlements.id), 1, 8) || '-' || substr(hex(entitlements.id), 9, 4) || '-' ||
    substr(hex(entitlements.id), 13, 4) || '-' || substr(hex(entitlements.id), 17, 4) || '-' ||
    substr(hex(entitlements.id), 21)
  ) || '".name')
  from systems s where s.id = entitlements.system_id
), '');
