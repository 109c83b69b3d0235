-- What the portal remembers. Governed rows carry a version and their whole state as JSON beside the columns that are searched; they are
-- changed only together with an event. Everything below `Operational` has its own narrow methods.

create table streams (
  id blob primary key,
  seq integer not null check (seq >= 1),
  head text not null
) strict;

create table events (
  id blob primary key,
  stream_id blob not null references streams (id),
  seq integer not null check (seq >= 1),
  at text not null,
  thing text not null,
  thing_id blob not null,
  name text not null,
  actor_id blob,
  bytes blob not null,
  hash text not null,
  unique (stream_id, seq)
) strict;
create index events_by_thing on events (thing_id, id);
create index events_by_name on events (name, id);
create index events_by_actor on events (actor_id, id);

-- Free text, kept apart from the trail so that it can be erased; the trail holds its salted hash.
create table texts (
  id blob primary key,
  salt text not null,
  body text,
  erased_at text
) strict;

create table portal (
  id blob primary key,
  version integer not null,
  body text not null,
  founding integer not null
) strict;

create table identities (
  id blob primary key,
  version integer not null,
  touched integer not null default 0,
  body text not null,
  key text not null unique,
  kind text not null,
  name text not null,
  email text,
  search text not null,
  active integer not null,
  admin integer not null,
  signs_in integer not null,
  manager_id blob
) strict;
create index identities_by_name on identities (name, id);
create index identities_by_email on identities (email);
create index identities_by_manager on identities (manager_id);

-- At most one account per identity and system, and one identity per account.
create table accounts (
  identity_id blob not null references identities (id),
  system_id blob not null,
  name text not null,
  primary key (identity_id, system_id),
  unique (system_id, name)
) strict;

create table identity_owners (
  identity_id blob not null references identities (id),
  owner_id blob not null,
  primary key (identity_id, owner_id)
) strict;
create index identity_owners_by_owner on identity_owners (owner_id);

create table groups (
  id blob primary key,
  version integer not null,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null
) strict;
create index groups_by_name on groups (name, id);

create table group_members (
  group_id blob not null references groups (id),
  identity_id blob not null,
  primary key (group_id, identity_id)
) strict;
create index group_members_by_identity on group_members (identity_id);

create table group_groups (
  group_id blob not null references groups (id),
  child_id blob not null,
  primary key (group_id, child_id)
) strict;
create index group_groups_by_child on group_groups (child_id);

create table systems (
  id blob primary key,
  version integer not null,
  touched integer not null default 0,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null,
  connector text not null
) strict;
create index systems_by_name on systems (name, id);

create table entitlements (
  id blob primary key,
  system_id blob not null references systems (id),
  key text not null,
  native text not null,
  directory integer not null,
  unique (system_id, key),
  unique (system_id, id)
) strict;
create index entitlements_by_native on entitlements (native);

create table system_owners (
  system_id blob not null references systems (id),
  identity_id blob not null,
  backup integer not null,
  primary key (system_id, identity_id)
) strict;
create index system_owners_by_identity on system_owners (identity_id);

-- The groups a system gives authority to: its fallback and its operators.
create table system_groups (
  system_id blob not null references systems (id),
  group_id blob not null,
  operators integer not null,
  primary key (system_id, group_id, operators)
) strict;
create index system_groups_by_group on system_groups (group_id);

create table bundles (
  id blob primary key,
  version integer not null,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null,
  listed integer not null,
  draft integer not null
) strict;
create index bundles_by_name on bundles (name, id);

-- What the published version confers, and which groups its stages and conditions name.
create table bundle_entitlements (
  bundle_id blob not null references bundles (id),
  entitlement_id blob not null,
  primary key (bundle_id, entitlement_id)
) strict;
create index bundle_entitlements_by_entitlement on bundle_entitlements (entitlement_id);

create table bundle_groups (
  bundle_id blob not null references bundles (id),
  group_id blob not null,
  primary key (bundle_id, group_id)
) strict;
create index bundle_groups_by_group on bundle_groups (group_id);

create table requests (
  id blob primary key,
  version integer not null,
  body text not null,
  bundle_id blob not null references bundles (id),
  subject_id blob not null references identities (id),
  asker_id blob not null references identities (id),
  state text not null,
  approval_id blob unique,
  asked_at text not null,
  until text,
  unique (id, approval_id),
  -- An approval exists exactly while a request is approved or granted.
  check ((approval_id is not null) = (state in ('approved', 'granted')))
) strict;
create unique index requests_pending on requests (subject_id, bundle_id) where state in ('waiting', 'approved');
create index requests_by_subject on requests (subject_id, id);
create index requests_by_asker on requests (asker_id, id);
create index requests_by_bundle on requests (bundle_id, id);
create index requests_by_state on requests (state, id);

-- Who may decide now.
create table deciders (
  request_id blob not null references requests (id),
  identity_id blob not null,
  primary key (identity_id, request_id)
) strict;
create index deciders_by_request on deciders (request_id);

-- One person counts once in a request, whatever the stage.
create table decisions (
  request_id blob not null references requests (id),
  identity_id blob not null,
  approves integer not null,
  at text not null,
  primary key (request_id, identity_id)
) strict;
create index decisions_by_identity on decisions (identity_id, at);

-- No grant without an approved request, and no approval used twice (R28, R29).
create table grants (
  id blob primary key,
  version integer not null,
  body text not null,
  request_id blob not null unique,
  approval_id blob not null unique,
  subject_id blob not null references identities (id),
  bundle_id blob not null references bundles (id),
  state text not null,
  until text,
  foreign key (request_id, approval_id) references requests (id, approval_id)
) strict;
create unique index grants_opening on grants (subject_id, bundle_id) where state = 'opening';
create unique index grants_active on grants (subject_id, bundle_id) where state = 'active';
create index grants_by_subject on grants (subject_id, id);
create index grants_by_bundle on grants (bundle_id, id);
create index grants_by_state on grants (state, id);

-- The two ledgers: what is approved follows from the grant, `present` is what was last seen in the target (R69).
create table assignments (
  grant_id blob not null references grants (id),
  system_id blob not null,
  entitlement_id blob not null,
  account text not null,
  present integer,
  found_before integer not null,
  trouble text,
  primary key (grant_id, entitlement_id),
  -- A right is looked at where it stands, and nowhere else.
  constraint assignments_right foreign key (system_id, entitlement_id) references entitlements (system_id, id)
) strict;
create index assignments_by_right on assignments (system_id, entitlement_id, account);

-- Operational.

create table jobs (
  key text primary key,
  payload text not null,
  due_at text not null,
  takes_away integer not null,
  generation integer not null,
  fence integer not null,
  leased_until text,
  attempts integer not null
) strict;
create index jobs_due on jobs (takes_away, due_at);

-- What the draft in review would have changed for the requests that are on record; of each bundle only the newest.
create table replays (
  bundle_id blob primary key references bundles (id),
  number integer not null,
  walked_to blob not null,
  done integer not null,
  total integer not null,
  began_at text not null,
  finished_at text,
  result text not null
) strict;

create table tasks (
  id blob primary key,
  system_id blob not null references systems (id),
  entitlement_id blob not null references entitlements (id),
  account text not null,
  wanted integer not null,
  opened_at text not null,
  done_at text,
  done_by blob
) strict;
create unique index tasks_open on tasks (system_id, entitlement_id, account) where done_at is null;
create index tasks_by_right on tasks (system_id, entitlement_id, account, id);

create table sessions (
  id_hash text primary key,
  session_id blob not null unique,
  identity_id blob not null references identities (id),
  data text not null,
  signed_in_at text not null,
  seen_at text not null,
  agent text not null,
  address text not null
) strict;
create index sessions_by_identity on sessions (identity_id);

create table passwords (
  identity_id blob primary key references identities (id),
  hash text not null,
  set_at text not null,
  signed_in_at text
) strict;

create table invitations (
  id blob primary key,
  token_hash text not null unique,
  identity_id blob not null references identities (id),
  expires_at text not null,
  used_at text
) strict;
create index invitations_by_identity on invitations (identity_id);

create table throttles (
  key text primary key,
  failures integer not null,
  blocked_until text not null,
  forget_at text not null
) strict;

create table kept_forms (
  token_hash text primary key,
  session_hash text,
  body text not null,
  expires_at text not null
) strict;

-- What of an authenticator does not belong into the trail: the sealed secret of an app, and whose a passkey is, so that no two people
-- register the same.
create table authenticators (
  id blob primary key,
  identity_id blob not null references identities (id),
  credential text unique,
  sealed text
) strict;
create index authenticators_by_identity on authenticators (identity_id);

-- Acts that wait for their step-up, and authenticators that are being added.
create table pending (
  id blob primary key,
  identity_id blob not null references identities (id),
  body text not null,
  expires_at text not null
) strict;
create index pending_by_end on pending (expires_at);

create table notices (
  id blob primary key,
  identity_id blob not null references identities (id),
  at text not null,
  says text not null,
  path text not null,
  read_at text
) strict;
create index notices_by_identity on notices (identity_id, id);
create index notices_unread on notices (identity_id) where read_at is null;

-- Each replica counts its own changes; the sum tells whether anything moved.
create table changes (
  replica text primary key,
  n integer not null
) strict;

-- The trail is only ever added to.
create trigger events_never_change before update on events begin
  select raise(abort, 'the trail is never changed');
end;
create trigger events_never_go before delete on events begin
  select raise(abort, 'the trail is never shortened');
end;
