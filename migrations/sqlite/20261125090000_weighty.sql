-- Whether a request is to be looked at before others stands beside who decides it, so that lists are in order across their pages.
alter table deciders add column weighty integer not null default 0;
create index deciders_by_weight on deciders (identity_id, weighty desc, request_id);

update deciders set weighty = 1 where request_id in (
  select r.id from requests r
  where exists (select 1 from json_each(r.body, '$.ruling.privileged'))
     or exists (select 1 from json_each(r.body, '$.facts.systems') s
                where json_extract(s.value, '$.environment') = 'production'
                   or json_extract(s.value, '$.sensitivity') = 'high')
);
