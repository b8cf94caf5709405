create index on peer.offers (product, grade, region);
create index on peer.offers (country, product);
create index on peer.offers (id);
create index on peer.papers (offer, kind) include (status, until);
create index on peer.promises (offer) include (due, units, held);
create index on peer.parts (country, product);
create unique index on peer.worked (calendar, day) include (days);
create unique index on peer.km (place, region) include (km);
vacuum analyze peer.offers; vacuum analyze peer.papers; vacuum analyze peer.promises;
vacuum analyze peer.parts; vacuum analyze peer.worked; vacuum analyze peer.km
