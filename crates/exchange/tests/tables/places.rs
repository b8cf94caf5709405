//! Regions, countries and points.

use exchange::tables::ParsedFile;

use crate::fixture::{faults, offers, offers_by};

fn regions<T>(file: &ParsedFile<T>, of: impl Fn(&T) -> Option<String>) -> Vec<Option<String>> {
    file.rows.iter().map(|r| r.record.as_ref().ok().and_then(&of)).collect()
}

#[test]
fn geo_02_swapped_and_prefixed_coordinates_are_row_errors() {
    let file = offers(
        "country,lat,lon,product,quantity\n\
         DE,52.5,13.4,ffp,1\n\
         DE,13.4,52.5,ffp,1\n\
         DE,N52.5,13.4E,ffp,1\n\
         DE,95,13.4,ffp,1\n\
         DE,0,0,ffp,1\n\
         DE,\"52,5200\",13.4,ffp,1\n\
         DE,52.5,,ffp,1\n\
         DE,52.5,-13.4,ffp,1\n",
    )
    .unwrap();
    assert_eq!(
        faults(&file),
        [
            (3, "lat", "13.4", "swapped_coordinates"),
            (4, "lat", "N52.5", "not_a_number"),
            (4, "lon", "13.4E", "not_a_number"),
            (5, "lat", "95", "out_of_range"),
            (6, "lat", "0", "null_island"),
            (8, "lon", "", "missing"),
        ]
    );
    let far = &file.rows[7];
    assert!(far.record.is_ok());
    assert_eq!(far.flags[0].code, "far_from_region");
}

#[test]
fn imp_20_regions_are_read_inside_their_country() {
    let read = |map: &str, text: &str| {
        let file = offers_by(map, text).unwrap();
        regions(&file, |r| r.site.region.as_ref().map(ToString::to_string))
    };
    let text = "region,product,quantity\nCA,ffp,1\nca,ffp,2\nCalifornia,ffp,3\nGreece,ffp,4\n,ffp,5\n";
    let american = "kind = \"offers\"\n[constants]\ncountry = \"US\"";
    let wanted = ["US-CA", "US-CA", "US-CA", "EL"].map(|c| Some(c.to_owned()));
    assert_eq!(read(american, text)[..4], wanted);
    assert_eq!(read(american, text)[4], None, "a constant country is no place");
    assert_eq!(read("kind = \"offers\"", text)[0].as_deref(), Some("CA"));

    let file = offers("country,region,product,quantity\nDE,FR10,ffp,1\nGR,GR30,ffp,1\nUK,,ffp,1\nDE,Bavariaa,ffp,1\n");
    let file = file.unwrap();
    assert_eq!(faults(&file), [(2, "region", "FR10", "region_elsewhere"), (5, "region", "Bavariaa", "unknown_region")]);
    let found = regions(&file, |r| r.site.region.as_ref().map(ToString::to_string));
    assert_eq!((found[1].as_deref(), found[2].as_deref()), (Some("EL30"), Some("GB")));
}

#[test]
fn spellings_are_mapped_kept_or_refused_as_the_mapping_says() {
    let map = "kind = \"offers\"\nunknown_region = \"flag\"\n[constants]\ncountry = \"US\"\n[values.region]\n\
        albama = \"US-AL\"\nTD = { unknown = \"is no state\" }\ntest1 = { refuse = \"a test entry\" }\n";
    let file = offers_by(map, "region,product,quantity\nAlbama,ffp,1\ntd,ffp,2\ntest1,ffp,3\nOz,ffp,4\n").unwrap();
    assert_eq!(faults(&file), [(4, "region", "test1", "refused_value")]);
    let found = regions(&file, |r| r.site.region.as_ref().map(ToString::to_string));
    assert_eq!(found, [Some("US-AL".to_owned()), None, None, None]);
    let flags: Vec<_> = file.rows.iter().flat_map(|r| &r.flags).map(|f| (f.line, f.code)).collect();
    assert_eq!(flags, [(3, "unknown_place"), (5, "unknown_place")]);
}
