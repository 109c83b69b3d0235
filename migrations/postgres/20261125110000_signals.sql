-- Since when it was theirs to decide stands beside each decision, so that it can be counted how long people take.
alter table decisions add column since timestamptz;
update decisions set since = (select r.asked_at from requests r where r.id = decisions.request_id);
alter table decisions alter column since set not null;
create index decisions_by_time on decisions (at, request_id, identity_id);

-- Requests that wait are looked at before they expire from now on, as those who decide are reminded.
update jobs set due_at = '2026-01-01T00:00:00+00:00' where key like 'request/%';
