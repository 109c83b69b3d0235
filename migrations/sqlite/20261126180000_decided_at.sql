-- How long people waited for a bundle is told from this index alone, without the decisions on each request.
alter table requests add column decided_at text;
update requests set decided_at = (select max(at) from decisions where request_id = requests.id);
drop index requests_granted;
create index requests_granted on requests (bundle_id, id, asked_at, decided_at) where state = 'granted';
