-- Who is in a group by a grant is found without the rights of grants that are over.
alter table assignments add column ended integer not null default 1;
update assignments set ended = 0 where grant_id in (select id from grants where state <> 'ended');
create index assignments_live on assignments (entitlement_id, grant_id) where not ended;

-- What somebody had of a bundle is found without all that they had, and who has it without all who had it. SQLite takes the newest of
-- two indexes that seem as good.
create index grants_of on grants (bundle_id, subject_id, id);
create index grants_live_of on grants (bundle_id, subject_id) where state <> 'ended';
drop index grants_by_subject;
drop index grants_by_bundle;
