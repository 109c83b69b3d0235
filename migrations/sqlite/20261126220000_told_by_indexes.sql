-- What a group, a system or a bundle is called is told from an index alone. A row's columns stand behind its body, and SQLite walks through
-- all of it to each.
create index groups_known on groups (id, key, name);
create index systems_known on systems (id, key, name);
create index bundles_known on bundles (id, key, name, listed);

-- So is which bundles somebody has asked for or holds, and who holds one.
drop index requests_open_for;
create index requests_open_for on requests (subject_id, id, bundle_id, state) where state in ('waiting', 'approved');
drop index requests_by_subject;
create index requests_by_subject on requests (subject_id, id, bundle_id);
drop index grants_live;
create index grants_live on grants (subject_id, id, state, until, bundle_id) where state <> 'ended';
drop index grants_live_of;
create index grants_live_of on grants (bundle_id, subject_id, id, state) where state <> 'ended';

-- So is when the next look can be claimed, which is asked after every change.
create index jobs_next on jobs (due_at) where leased_until is null;
create index jobs_leased on jobs (leased_until) where leased_until is not null;

-- Which bundles must not be in the same hands as one, by the words of its published version.
create table bundle_incompatible (
  bundle_id blob not null references bundles (id),
  other_id blob not null,
  primary key (bundle_id, other_id)
) strict;
insert into bundle_incompatible
  select distinct b.id, unhex(replace(other.value, '-', ''))
    from bundles b, json_each(b.body, '$.published.spec.conditions') condition, json_each(condition.value, '$.bundles') other
    where json_extract(condition.value, '$.condition') = 'incompatible';
