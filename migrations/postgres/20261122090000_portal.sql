-- What the portal remembers. Governed rows carry a version and their whole state as JSON beside the columns that are searched; they are
-- changed only together with an event. Everything below `Operational` has its own narrow methods.

create table streams (
  id uuid primary key,
  seq integer not null check (seq >= 1),
  head text not null
);

create table events (
  id uuid primary key,
  stream_id uuid not null references streams (id),
  seq integer not null check (seq >= 1),
  at timestamptz not null,
  thing text not null,
  thing_id uuid not null,
  name text not null,
  actor_id uuid,
  bytes bytea not null,
  hash text not null,
  unique (stream_id, seq)
);
create index events_by_thing on events (thing_id, id);
create index events_by_name on events (name, id);
create index events_by_actor on events (actor_id, id);

-- Free text, kept apart from the trail so that it can be erased; the trail holds its salted hash.
create table texts (
  id uuid primary key,
  salt text not null,
  body text,
  erased_at timestamptz
);

create table portal (
  id uuid primary key,
  version integer not null,
  body text not null,
  founding boolean not null
);

create table identities (
  id uuid primary key,
  version integer not null,
  touched integer not null default 0,
  body text not null,
  key text not null unique,
  kind text not null,
  name text not null,
  email text,
  search text not null,
  active boolean not null,
  admin boolean not null,
  signs_in boolean not null,
  manager_id uuid
);
create index identities_by_name on identities (name, id);
create index identities_by_email on identities (email);
create index identities_by_manager on identities (manager_id);

-- At most one account per identity and system, and one identity per account.
create table accounts (
  identity_id uuid not null references identities (id),
  system_id uuid not null,
  name text not null,
  primary key (identity_id, system_id),
  unique (system_id, name)
);

create table identity_owners (
  identity_id uuid not null references identities (id),
  owner_id uuid not null,
  primary key (identity_id, owner_id)
);
create index identity_owners_by_owner on identity_owners (owner_id);

create table groups (
  id uuid primary key,
  version integer not null,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null
);
create index groups_by_name on groups (name, id);

create table group_members (
  group_id uuid not null references groups (id),
  identity_id uuid not null,
  primary key (group_id, identity_id)
);
create index group_members_by_identity on group_members (identity_id);

create table group_groups (
  group_id uuid not null references groups (id),
  child_id uuid not null,
  primary key (group_id, child_id)
);
create index group_groups_by_child on group_groups (child_id);

create table systems (
  id uuid primary key,
  version integer not null,
  touched integer not null default 0,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null,
  connector text not null
);
create index systems_by_name on systems (name, id);

create table entitlements (
  id uuid primary key,
  system_id uuid not null references systems (id),
  key text not null,
  native text not null,
  directory boolean not null,
  unique (system_id, key),
  unique (system_id, id)
);
create index entitlements_by_native on entitlements (native);

create table system_owners (
  system_id uuid not null references systems (id),
  identity_id uuid not null,
  backup boolean not null,
  primary key (system_id, identity_id)
);
create index system_owners_by_identity on system_owners (identity_id);

-- The groups a system gives authority to: its fallback and its operators.
create table system_groups (
  system_id uuid not null references systems (id),
  group_id uuid not null,
  operators boolean not null,
  primary key (system_id, group_id, operators)
);
create index system_groups_by_group on system_groups (group_id);

create table bundles (
  id uuid primary key,
  version integer not null,
  body text not null,
  key text not null unique,
  name text not null,
  search text not null,
  listed boolean not null,
  draft boolean not null
);
create index bundles_by_name on bundles (name, id);

-- What the published version confers, and which groups its stages and conditions name.
create table bundle_entitlements (
  bundle_id uuid not null references bundles (id),
  entitlement_id uuid not null,
  primary key (bundle_id, entitlement_id)
);
create index bundle_entitlements_by_entitlement on bundle_entitlements (entitlement_id);

create table bundle_groups (
  bundle_id uuid not null references bundles (id),
  group_id uuid not null,
  primary key (bundle_id, group_id)
);
create index bundle_groups_by_group on bundle_groups (group_id);

create table requests (
  id uuid primary key,
  version integer not null,
  body text not null,
  bundle_id uuid not null references bundles (id),
  subject_id uuid not null references identities (id),
  asker_id uuid not null references identities (id),
  state text not null,
  approval_id uuid unique,
  asked_at timestamptz not null,
  until timestamptz,
  unique (id, approval_id),
  -- An approval exists exactly while a request is approved or granted.
  check ((approval_id is not null) = (state in ('approved', 'granted')))
);
create unique index requests_pending on requests (subject_id, bundle_id) where state in ('waiting', 'approved');
create index requests_by_subject on requests (subject_id, id);
create index requests_by_asker on requests (asker_id, id);
create index requests_by_bundle on requests (bundle_id, id);
create index requests_by_state on requests (state, id);

-- Who may decide now.
create table deciders (
  request_id uuid not null references requests (id),
  identity_id uuid not null,
  primary key (identity_id, request_id)
);
create index deciders_by_request on deciders (request_id);

-- One person counts once in a request, whatever the stage.
create table decisions (
  request_id uuid not null references requests (id),
  identity_id uuid not null,
  approves boolean not null,
  at timestamptz not null,
  primary key (request_id, identity_id)
);
create index decisions_by_identity on decisions (identity_id, at);

-- No grant without an approved request, and no approval used twice (R28, R29).
create table grants (
  id uuid primary key,
  version integer not null,
  body text not null,
  request_id uuid not null unique,
  approval_id uuid not null unique,
  subject_id uuid not null references identities (id),
  bundle_id uuid not null references bundles (id),
  state text not null,
  until timestamptz,
  foreign key (request_id, approval_id) references requests (id, approval_id)
);
create unique index grants_opening on grants (subject_id, bundle_id) where state = 'opening';
create unique index grants_active on grants (subject_id, bundle_id) where state = 'active';
create index grants_by_subject on grants (subject_id, id);
create index grants_by_bundle on grants (bundle_id, id);
create index grants_by_state on grants (state, id);

-- The two ledgers: what is approved follows from the grant, `present` is what was last seen in the target (R69).
create table assignments (
  grant_id uuid not null references grants (id),
  system_id uuid not null,
  entitlement_id uuid not null,
  account text not null,
  present boolean,
  found_before boolean not null,
  trouble text,
  primary key (grant_id, entitlement_id),
  -- A right is looked at where it stands, and nowhere else.
  constraint assignments_right foreign key (system_id, entitlement_id) references entitlements (system_id, id)
);
create index assignments_by_right on assignments (system_id, entitlement_id, account);

-- Operational.

create table jobs (
  key text primary key,
  payload text not null,
  due_at timestamptz not null,
  takes_away boolean not null,
  generation integer not null,
  fence integer not null,
  leased_until timestamptz,
  attempts integer not null
);
create index jobs_due on jobs (takes_away, due_at);

-- What the draft in review would have changed for the requests that are on record; of each bundle only the newest.
create table replays (
  bundle_id uuid primary key references bundles (id),
  number integer not null,
  walked_to uuid not null,
  done integer not null,
  total integer not null,
  began_at timestamptz not null,
  finished_at timestamptz,
  result text not null
);

create table tasks (
  id uuid primary key,
  system_id uuid not null references systems (id),
  entitlement_id uuid not null references entitlements (id),
  account text not null,
  wanted boolean not null,
  opened_at timestamptz not null,
  done_at timestamptz,
  done_by uuid
);
create unique index tasks_open on tasks (system_id, entitlement_id, account) where done_at is null;
create index tasks_by_right on tasks (system_id, entitlement_id, account, id);

create table sessions (
  id_hash text primary key,
  session_id uuid not null unique,
  identity_id uuid not null references identities (id),
  data text not null,
  signed_in_at timestamptz not null,
  seen_at timestamptz not null,
  agent text not null,
  address text not null
);
create index sessions_by_identity on sessions (identity_id);

create table passwords (
  identity_id uuid primary key references identities (id),
  hash text not null,
  set_at timestamptz not null,
  signed_in_at timestamptz
);

create table invitations (
  id uuid primary key,
  token_hash text not null unique,
  identity_id uuid not null references identities (id),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index invitations_by_identity on invitations (identity_id);

create table throttles (
  key text primary key,
  failures integer not null,
  blocked_until timestamptz not null,
  forget_at timestamptz not null
);

create table kept_forms (
  token_hash text primary key,
  session_hash text,
  body text not null,
  expires_at timestamptz not null
);

-- What of an authenticator does not belong into the trail: the sealed secret of an app, and whose a passkey is, so that no two people
-- register the same.
create table authenticators (
  id uuid primary key,
  identity_id uuid not null references identities (id),
  credential text unique,
  sealed text
);
create index authenticators_by_identity on authenticators (identity_id);

-- Acts that wait for their step-up, and authenticators that are being added.
create table pending (
  id uuid primary key,
  identity_id uuid not null references identities (id),
  body text not null,
  expires_at timestamptz not null
);
create index pending_by_end on pending (expires_at);

create table notices (
  id uuid primary key,
  identity_id uuid not null references identities (id),
  at timestamptz not null,
  says text not null,
  path text not null,
  read_at timestamptz
);
create index notices_by_identity on notices (identity_id, id);
create index notices_unread on notices (identity_id) where read_at is null;

-- Each replica counts its own changes; the sum tells whether anything moved.
create table changes (
  replica text primary key,
  n bigint not null
);

-- The trail is only ever added to.
create function refuse_to_change_the_trail() returns trigger language plpgsql as $$
begin
  raise exception 'the trail is never changed';
end
$$;
create trigger events_never_change before update or delete on events
  for each row execute function refuse_to_change_the_trail();
create trigger events_never_emptied before truncate on events
  for each statement execute function refuse_to_change_the_trail();
