-- $1 product, $2 grade, $3 day, $4 last days of the weeks.
with weeks as materialized (select week, day from unnest($4::int[]) with ordinality as w (day, week)),
chosen as materialized (
    select o.*, o.region::int as grp from peer.offers o
    where o.product = $1 and o.grade = $2 and o.published and o.until >= $3 and o.kept >= $3
),
{supply},
counts as (
    select grp, count(*)::int as offers, count(distinct organisation)::int as organisations, min(as_of) as oldest
    from chosen group by grp
)
select s.grp, (s.week - 1)::int as week, s.running, s.maximum, s.held, s.agreed, s.free, s.free_maximum,
    c.offers, c.organisations, c.oldest
from supply s join counts c on c.grp = s.grp
