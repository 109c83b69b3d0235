-- Rows are held by locking them, and no longer by writing to them.
alter table identities drop column touched;
alter table systems drop column touched;
