-- Since when it was theirs to decide stands beside each decision, so that it can be counted how long people take.
create table decisions_in_time (
  request_id blob not null references requests (id),
  identity_id blob not null,
  approves integer not null,
  at text not null,
  since text not null,
  primary key (request_id, identity_id)
) strict;
insert into decisions_in_time
  select d.request_id, d.identity_id, d.approves, d.at, r.asked_at from decisions d join requests r on r.id = d.request_id;
drop table decisions;
alter table decisions_in_time rename to decisions;
create index decisions_by_identity on decisions (identity_id, at);
create index decisions_by_time on decisions (at, request_id, identity_id);

-- Requests that wait are looked at before they expire from now on, as those who decide are reminded.
update jobs set due_at = '2026-01-01T00:00:00+00:00' where key like 'request/%';
