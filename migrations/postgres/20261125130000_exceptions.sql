-- An exception whose review is owed, once its access has ended. There were none before.
alter table requests add column owes_review boolean not null default false;
create index requests_by_review on requests (owes_review, id);
