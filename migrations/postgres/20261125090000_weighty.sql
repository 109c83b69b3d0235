-- Whether a request is to be looked at before others stands beside who decides it, so that lists are in order across their pages.
alter table deciders add column weighty boolean not null default false;
create index deciders_by_weight on deciders (identity_id, weighty desc, request_id);

update deciders set weighty = true where request_id in (
  select r.id from requests r join deciders d on d.request_id = r.id
  where r.body::jsonb #> '{ruling,privileged}' <> '{}'::jsonb
     or exists (select 1 from jsonb_each(r.body::jsonb #> '{facts,systems}') s
                where s.value ->> 'environment' = 'production' or s.value ->> 'sensitivity' = 'high')
);
