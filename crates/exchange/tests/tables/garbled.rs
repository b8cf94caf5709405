//! Hundreds of broken files: the reader refuses or reports, and never loses a row or panics.

use exchange::tables::{self, Kind, Mapping};

use crate::fixture::{reference, report};

const SOUND: &str = "id;firma;country;region;lat;lon;product;grade;quantity;unit;pack size;due;created at;note\n\
    A;Nähwerk;DE;DE21;48.1;11.6;ffp;FFP2;1000;pcs;;2020-05-01;2020-04-18T10:00:00.5Z;\"a \"\"b\"\"\nc\"\n\
    A;Nähwerk;DE;DE21;48.1;11.6;ffp;FFP2;10;box;50;2020-06-01;2020-04-18T10:00:01Z;\n\
    B;Atelier;FR;Île-de-France;;;OP-Maske;;5;;;2020-06-01;;x\n";

/// Bytes that mean something to some layer.
const NASTY: [&[u8]; 16] = [
    b"\"",
    b";",
    b",",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"\xFF",
    b"\xC3",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"sep=;\n",
    b"-1e9",
    b"\xE2\x80\xAE",
    b"#N/A",
    b"9999999999999999999999999999999999999",
];

/// A fixed stream of numbers (the constants of Numerical Recipes).
struct Stream(u64);

impl Stream {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(self.0 >> 16 & 0xFFFF_FFFF).unwrap() % n
    }
}

#[test]
fn no_garbled_file_panics_or_loses_a_row() {
    let offers = Mapping { ignore_unknown: true, ..Mapping::plain(Kind::Offers) };
    let needs = Mapping { ignore_unknown: true, ..Mapping::plain(Kind::Needs) };
    let mut stream = Stream(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..600 {
        let mut bytes = SOUND.as_bytes().to_vec();
        for _ in 0..=stream.below(4) {
            let at = stream.below(bytes.len());
            match stream.below(3) {
                0 => _ = bytes.remove(at),
                1 => bytes.truncate(at.max(60)),
                _ => {
                    let nasty = NASTY[stream.below(NASTY.len())];
                    bytes.splice(at..at, nasty.iter().copied());
                }
            }
        }
        let parsed = [
            tables::offers(&bytes, &offers, &reference()).map(|f| report(&f, |_| false)),
            tables::needs(&bytes, &needs, &reference()).map(|f| report(&f, |_| false)),
        ];
        for result in parsed {
            match result {
                Ok(report) => {
                    read += 1;
                    let c = report.counts;
                    assert_eq!(c.created + c.unchanged + c.rejected, c.rows);
                    for row in report.rows.iter().filter(|r| r.outcome == tables::Outcome::Rejected) {
                        assert!(!row.faults.is_empty(), "a rejected row without a reason");
                    }
                    let mut lines: Vec<u32> = report.rows.iter().map(|r| r.line).collect();
                    lines.dedup();
                    assert_eq!(lines.len(), report.rows.len(), "each row once");
                }
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().len() > 20, "{error}");
                }
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}
