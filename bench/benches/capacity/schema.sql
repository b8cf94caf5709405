-- The market in plain tables, as who asks these questions of PostgreSQL would lay them out. Days are numbers; what follows
-- from a record alone is stored with it: working days at the ends of windows, the fraction of a rate, the first days of
-- output, the tier of a need, kilometres between regions.
create schema peer;
create unlogged table peer.offers (
    id int not null, product smallint not null, grade smallint not null, organisation int not null,
    region smallint not null, level1 smallint not null, country smallint not null, vouched smallint not null,
    published bool not null, until int not null, kept int not null, fresh int not null, opens int not null,
    as_of int not null, stock bigint not null, calendar smallint not null,
    running bigint not null, maximum bigint not null, per bigint not null, ramp bigint not null,
    starts int not null, base int not null, last int not null,
    first int not null, first_stock int not null, lead int not null, min_order bigint not null, max_km int not null
);
create unlogged table peer.papers (
    offer int not null, kind smallint not null, status smallint not null, until int not null
);
create unlogged table peer.promises (offer int not null, due int not null, units bigint not null, held bool not null);
create unlogged table peer.parts (
    product smallint not null, region smallint not null, level1 smallint not null, country smallint not null,
    tier smallint not null, due int not null, last_due int not null, units bigint not null,
    held bigint not null, agreed bigint not null
);
create unlogged table peer.worked (calendar smallint not null, day int not null, days int not null);
create unlogged table peer.km (place smallint not null, region smallint not null, km int not null);

-- What a rate makes by a day of which so many working days are over: the formula of the domain. PostgreSQL writes such a
-- function out where it is called.
create function peer.effort(n bigint, ramp bigint) returns bigint language sql immutable as $$
    select case when ramp = 0 then n when n <= ramp then n * (n + 1) else ramp * (ramp + 1) + 2 * ramp * (n - ramp) end
$$;
create function peer.made(rate bigint, per bigint, ramp bigint, starts int, base int, last int, worked int)
returns bigint language sql immutable as $$
    select case when least(worked, last) <= base then 0
        else rate * (peer.effort(least(worked, last) - starts, ramp) - peer.effort(base - starts, ramp)) / per end
$$;
