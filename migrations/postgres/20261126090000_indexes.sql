-- How long people waited for a bundle is told from this index alone.
create index requests_granted on requests (bundle_id, id, asked_at) where state = 'granted';

-- What somebody has is found without what they had.
create index grants_live on grants (subject_id, id) where state <> 'ended';
