-- The cheapest offers that pass, and how many fail at which predicate first.
-- $1 products that may stand for it, $2 grades of these that pass, in pairs with $3 their products, $4 day, $5 due,
-- $6 kinds of certificates, $7 least status, $8 countries whose border is closed, $9 place, $10 farthest, $11 least vouched,
-- $12 what the site asks for, $13 country of the buyer.
with judged as materialized (
    select o.id, k.km,
        case
            when not o.published then 0
            when o.until < $4 or o.kept < $4 then 1
            when not exists (select from unnest($2::smallint[], $3::smallint[]) as g (grade, product)
                where g.grade = o.grade and g.product = o.product) then 5
            when exists (select from unnest($6::smallint[]) as w (kind) where not exists (
                select from peer.papers p where p.offer = o.id and p.kind = w.kind and p.until >= $5)) then 7
            when o.country = any ($8::smallint[]) then 11
            when k.km > least($10, o.max_km) then 12
            when o.vouched < $11 or $7 > 0 and exists (select from unnest($6::smallint[]) as w (kind) where (
                select max(p.status) from peer.papers p where p.offer = o.id and p.kind = w.kind and p.until >= $5) < $7)
                then 14
            when o.first > $5 then 15
            when case when $5 < $4 + o.lead then o.first_stock else o.first end > $5 then 16
            when $5 - 1 - (k.km + 599) / 600 < $4
                or case when $5 - 1 - (k.km + 599) / 600 < $4 + o.lead then o.first_stock else o.first end
                    > $5 - 1 - (k.km + 599) / 600 then 17
            when o.min_order > $12 then 18
            else -1
        end as fails,
        k.km + 20 + case when o.country <> $13 then 50 else 0 end + case when o.vouched = 0 then 100 else 0 end
            + case when o.fresh < $4 then 100 else 0 end as cost
    from peer.offers o join peer.km k on k.place = $9 and k.region = o.region
    where o.product = any ($1::smallint[])
),
best as (select id, cost from judged where fails = -1 order by cost, id limit 20)
select 0 as part, id as key, cost::bigint as value from best
union all select 1, fails, count(*) from judged group by fails
