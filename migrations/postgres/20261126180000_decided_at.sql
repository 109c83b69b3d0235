-- How long people waited for a bundle is told from this index alone, without the decisions on each request.
drop index requests_granted;
alter table requests add column decided_at timestamptz;
update requests set decided_at = d.at
from (select request_id, max(at) as at from decisions group by request_id) d
where d.request_id = requests.id;
create index requests_granted on requests (bundle_id, id, asked_at, decided_at) where state = 'granted';
