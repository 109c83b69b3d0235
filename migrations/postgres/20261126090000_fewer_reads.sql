-- How long people waited for a bundle is told from this index alone.
create index requests_granted on requests (bundle_id, id, asked_at) where state = 'granted';

-- What somebody has is found without what they had.
create index grants_live on grants (subject_id, id) where state <> 'ended';

-- What a right is called stands beside it, so that nobody reads a whole system for it.
alter table entitlements add column name text not null default '';
update entitlements e set name = coalesce((
  select s.body::jsonb #>> array['spec', 'entitlements', e.id::text, 'name'] from systems s where s.id = e.system_id
), '');
