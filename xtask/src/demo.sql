-- The database that plays a real target in the demo: two schemas, a few rows, and what each role may do.
-- The roles themselves and the accounts come from the demo catalogue.

revoke create on schema public from public;

create schema orders;
create table orders.orders (
    id          integer primary key,
    customer    text not null,
    item        text not null,
    cents       integer not null check (cents > 0),
    state       text not null check (state in ('open', 'packed', 'sent', 'returned')),
    ordered_on  date not null
);
insert into orders.orders values
    (1001, 'Harbour Books',      'Tide tables, 12 copies',      23880, 'sent',     '2026-01-12'),
    (1002, 'Nils Aronsson',      'Brass barometer',             14900, 'sent',     '2026-01-13'),
    (1003, 'Skerry Café',        'Storm lantern, set of 6',     41400, 'returned', '2026-01-19'),
    (1004, 'Ines Carvalho',      'Oilskin coat, M',             18950, 'packed',   '2026-02-02'),
    (1005, 'Lighthouse Trust',   'Fresnel lens, replica',      129000, 'open',     '2026-02-03'),
    (1006, 'Harbour Books',      'Knots and splices, 20 copies', 35800, 'open',     '2026-02-04');

create schema payments;
create table payments.payments (
    id          integer primary key,
    order_id    integer not null references orders.orders,
    cents       integer not null,
    paid_on     date not null,
    iban        text not null
);
insert into payments.payments values
    (1, 1001,  23880, '2026-01-12', 'SE35 5000 0000 0549 1000 0003'),
    (2, 1002,  14900, '2026-01-13', 'SE72 8000 0810 3400 0978 3242'),
    (3, 1003, -41400, '2026-01-27', 'FI21 1234 5600 0007 85'),
    (4, 1004,  18950, '2026-02-02', 'PT50 0002 0123 1234 5678 9015 4');

grant usage on schema orders to orders_read, orders_write;
grant select on all tables in schema orders to orders_read, orders_write;
grant insert, update on all tables in schema orders to orders_write;

-- Reading shows what was paid; only the export shows from which account.
grant usage on schema payments to payments_read, payments_export;
grant select (id, order_id, cents, paid_on) on payments.payments to payments_read;
grant select on payments.payments to payments_export;
