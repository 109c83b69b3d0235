-- Who may decide in whose place, and when, as the row of the identity says; for finding who lets somebody decide.
create table delegations (
  identity_id blob not null primary key references identities (id),
  delegate_id blob not null,
  from_at text not null,
  until_at text not null
) strict;
create index delegations_by_delegate on delegations (delegate_id);

-- Whether the stage that decides now wants those whom it names themselves.
alter table deciders add column in_person integer not null default 0;
