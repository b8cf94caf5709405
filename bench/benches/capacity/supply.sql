-- By group and week, summed up from the beginning: running, maximum, held, agreed, free of both; of all weeks the offers,
-- the organisations and the oldest figures. `chosen` has the columns of peer.offers and a `grp`; `weeks` has `week` and
-- `day`.
levels as (
    select c.id, c.grp, w.week,
        case when w.day < c.as_of then 0 else c.stock
            + peer.made(c.running, c.per, c.ramp, c.starts, c.base, c.last, d.days) end as running,
        case when w.day < c.as_of then 0 else c.stock
            + peer.made(c.maximum, c.per, c.ramp, c.starts, c.base, c.last, d.days) end as maximum
    from chosen c cross join weeks w join peer.worked d on d.calendar = c.calendar and d.day = w.day
),
dues as (
    select c.id, greatest(p.due, c.as_of) as due,
        sum(p.units) filter (where p.held) as held, sum(p.units) filter (where not p.held) as agreed,
        sum(p.units) as units
    from chosen c join peer.promises p on p.offer = c.id group by c.id, greatest(p.due, c.as_of)
),
lefts as (
    select u.id, u.due, u.held, u.agreed,
        c.stock + peer.made(c.running, c.per, c.ramp, c.starts, c.base, c.last, d.days)
            - sum(u.units) over (partition by u.id order by u.due) as left_running,
        c.stock + peer.made(c.maximum, c.per, c.ramp, c.starts, c.base, c.last, d.days)
            - sum(u.units) over (partition by u.id order by u.due) as left_maximum
    from dues u join chosen c on c.id = u.id join peer.worked d on d.calendar = c.calendar and d.day = u.due
),
taken as (
    select l.id, w.week,
        coalesce(sum(l.held) filter (where l.due <= w.day), 0) as held,
        coalesce(sum(l.agreed) filter (where l.due <= w.day), 0) as agreed,
        min(l.left_running) filter (where l.due > w.day) as later_running,
        min(l.left_maximum) filter (where l.due > w.day) as later_maximum
    from lefts l cross join weeks w group by l.id, w.week
),
supply as (
    select v.grp, v.week, sum(v.running)::bigint as running, sum(v.maximum)::bigint as maximum,
        coalesce(sum(t.held), 0)::bigint as held, coalesce(sum(t.agreed), 0)::bigint as agreed,
        sum(case when t.id is null then v.running
            else greatest(0, least(v.running - t.held - t.agreed, t.later_running)) end)::bigint as free,
        sum(case when t.id is null then v.maximum
            else greatest(0, least(v.maximum - t.held - t.agreed, t.later_maximum)) end)::bigint as free_maximum
    from levels v left join taken t on t.id = v.id and t.week = v.week group by v.grp, v.week
)
