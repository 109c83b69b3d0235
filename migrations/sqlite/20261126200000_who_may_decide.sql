-- Who of many may decide, and what they are called, is told from this index alone.
create index identities_known on identities (id, active, kind, name);

-- Which of somebody's grants count now is told without reading a grant.
drop index grants_live;
create index grants_live on grants (subject_id, id, state, until) where state <> 'ended';

-- And which groups somebody is in, without reading who is in them.
drop index group_members_by_identity;
create index group_members_by_identity on group_members (identity_id, group_id);
