//! The catalogue: products, grades, features, units, certificates, law, process steps, conversions.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(SCHEMA).await.map(drop)
    }
}

const SCHEMA: &str = "
CREATE TABLE products (
    code text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL,
    family text NOT NULL,
    base_unit text NOT NULL,
    trade_unit text NOT NULL,
    names text NOT NULL,
    synonyms text NOT NULL,
    classifications text NOT NULL,
    frames text NOT NULL,
    class text NOT NULL,
    schemes text NOT NULL,
    weekly_ceiling bigint NOT NULL,
    order_ceiling bigint NOT NULL,
    PRIMARY KEY (code),
    CHECK (kind IN ('finished', 'intermediate', 'service', 'equipment')),
    CHECK (base_unit IN ('piece', 'gram', 'millilitre', 'millimetre', 'square_centimetre', 'test', 'minute')),
    CHECK (weekly_ceiling BETWEEN 0 AND 1000000000000),
    CHECK (order_ceiling BETWEEN 0 AND 1000000000000)
);

CREATE TABLE schemes (
    code text NOT NULL,
    position integer NOT NULL,
    standard text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (code)
);

CREATE TABLE grades (
    code text NOT NULL,
    position integer NOT NULL,
    scheme text NOT NULL,
    name text NOT NULL,
    rank smallint,
    products text NOT NULL,
    threshold text NOT NULL,
    synonyms text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (code),
    FOREIGN KEY (scheme) REFERENCES schemes (code)
);

CREATE TABLE features (
    code text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    choices text NOT NULL,
    comparison text NOT NULL,
    PRIMARY KEY (code),
    CHECK (kind IN ('flag', 'choice', 'integer', 'sizes')),
    CHECK (comparison IN ('equal', 'at_least', 'at_most', 'includes'))
);

CREATE TABLE product_features (
    product text NOT NULL,
    feature text NOT NULL,
    position integer NOT NULL,
    choices text NOT NULL,
    PRIMARY KEY (product, feature),
    FOREIGN KEY (product) REFERENCES products (code),
    FOREIGN KEY (feature) REFERENCES features (code)
);

CREATE TABLE grade_rules (
    need_product text NOT NULL,
    need_grade text NOT NULL,
    offer_product text NOT NULL,
    offer_grade text NOT NULL,
    position integer NOT NULL,
    verdict text NOT NULL,
    unless_feature text,
    caveat text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (need_product, need_grade, offer_product, offer_grade),
    FOREIGN KEY (need_product) REFERENCES products (code),
    FOREIGN KEY (offer_product) REFERENCES products (code),
    FOREIGN KEY (unless_feature) REFERENCES features (code),
    CHECK (verdict IN ('satisfies', 'opt_in', 'substitute_only', 'does_not_satisfy'))
);

CREATE TABLE units (
    code text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    meaning text NOT NULL,
    base_unit text,
    numerator bigint,
    denominator bigint,
    synonyms text NOT NULL,
    deprecated_note text,
    PRIMARY KEY (code),
    CHECK (meaning IN ('fixed', 'package', 'period')),
    CHECK ((meaning = 'fixed') = (base_unit IS NOT NULL AND numerator IS NOT NULL AND denominator IS NOT NULL)),
    CHECK (numerator > 0),
    CHECK (denominator > 0)
);

CREATE TABLE certificate_kinds (
    code text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    proves text NOT NULL,
    id_pattern text NOT NULL,
    example text NOT NULL,
    register text NOT NULL,
    red_flags text NOT NULL,
    source text NOT NULL,
    expires boolean,
    PRIMARY KEY (code)
);

CREATE TABLE legal_frames (
    code text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    act text NOT NULL,
    applies_from integer,
    applies_until integer,
    note text NOT NULL,
    PRIMARY KEY (code),
    CHECK (applies_until >= applies_from)
);

CREATE TABLE product_certificates (
    product text NOT NULL,
    frame text NOT NULL,
    kind text NOT NULL,
    position integer NOT NULL,
    one_suffices boolean NOT NULL,
    PRIMARY KEY (product, frame, kind),
    FOREIGN KEY (product) REFERENCES products (code),
    FOREIGN KEY (kind) REFERENCES certificate_kinds (code)
);

CREATE TABLE border_rules (
    code text NOT NULL,
    position integer NOT NULL,
    products text NOT NULL,
    from_area text NOT NULL,
    to_area text,
    applies_from integer NOT NULL,
    applies_until integer,
    effect text NOT NULL,
    excepted text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (code),
    CHECK (effect IN ('authorisation_required', 'forbidden')),
    CHECK (applies_until >= applies_from)
);

CREATE TABLE process_steps (
    product text NOT NULL,
    step smallint NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    inputs text NOT NULL,
    equipment text NOT NULL,
    nace2 text NOT NULL,
    bottleneck text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (product, step),
    FOREIGN KEY (product) REFERENCES products (code),
    CHECK (step > 0)
);

CREATE TABLE conversions (
    capability text NOT NULL,
    product text NOT NULL,
    position integer NOT NULL,
    nace2 text NOT NULL,
    days_min integer NOT NULL,
    days_max integer NOT NULL,
    basis text NOT NULL,
    bottleneck text NOT NULL,
    certificate_path text NOT NULL,
    example text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (capability, product),
    FOREIGN KEY (product) REFERENCES products (code),
    CHECK (days_min BETWEEN 0 AND days_max)
);
";
