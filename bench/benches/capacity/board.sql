-- $1 country, $2 day, $3 last days of the weeks.
with weeks as materialized (select week, day from unnest($3::int[]) with ordinality as w (day, week)),
chosen as materialized (
    select o.*, o.product * 10000 + o.level1 as grp from peer.offers o
    where o.country = $1 and o.published and o.until >= $2 and o.kept >= $2
),
{supply},
asked as (
    select p.product * 10000 + p.level1 as grp, w.week,
        sum(p.units) filter (where p.tier = 1) as one, sum(p.units) filter (where p.tier = 2) as two,
        sum(p.units) filter (where p.tier = 3) as three, sum(p.units) filter (where p.tier = 4) as four,
        sum(p.held) as held, sum(p.agreed) as agreed, sum(greatest(0, p.units - p.held - p.agreed)) as open
    from peer.parts p
    join weeks w on p.due <= w.day and (w.week = 1 or p.due > w.day - 7)
    where p.country = $1 and p.last_due >= $2 group by 1, 2
)
select coalesce(s.grp, a.grp) as grp, (coalesce(s.week, a.week) - 1)::int as week,
    coalesce(s.free, 0)::bigint as free, coalesce(s.free_maximum, 0)::bigint as free_maximum,
    coalesce(a.one, 0)::bigint as one, coalesce(a.two, 0)::bigint as two, coalesce(a.three, 0)::bigint as three,
    coalesce(a.four, 0)::bigint as four, coalesce(a.held, 0)::bigint as held, coalesce(a.agreed, 0)::bigint as agreed,
    coalesce(a.open, 0)::bigint as open
from supply s full join asked a on a.grp = s.grp and a.week = s.week
