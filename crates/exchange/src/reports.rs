//! The report of a call as tables: CSV, one table a file, and XLSX, one table a sheet. No cell of either runs as a formula
//! (field case IMP-13).

use domain::{
    call::{
        answer::Said,
        report::{Facility, Ready, Report, ReportedOffer, WeekCapacity},
        standing::Asked,
    },
    code::{GradeCode, RegionCode},
};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::safe_csv::{Cell, SafeWriter};

/// A table of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportTable {
    /// Who was asked, and what came of it.
    Asked,
    /// The offers of the answers.
    Offers,
    /// What lay ready.
    Stock,
    /// What is made in each week.
    Capacity,
    /// By facility, where the law asks.
    Facilities,
}

impl ReportTable {
    /// All of them, in the order of the sheets.
    pub const ALL: [ReportTable; 5] = [Self::Asked, Self::Offers, Self::Stock, Self::Capacity, Self::Facilities];

    /// Its name in addresses and on sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Offers => "offers",
            Self::Stock => "stock",
            Self::Capacity => "capacity",
            Self::Facilities => "facilities",
        }
    }
}

/// A report's table as CSV in UTF-8.
///
/// # Errors
/// None that a report can cause.
pub fn csv(report: &Report, table: ReportTable) -> std::io::Result<Vec<u8>> {
    let (header, rows) = rows(report, table);
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut out = SafeWriter::new(Vec::new(), &header)?;
    for row in rows {
        out.row(&row)?;
    }
    out.finish()
}

/// A report as a workbook: what it is about on the first sheet, then each table on one of its own.
///
/// # Errors
/// When a table has more rows than a sheet, 1,048,576.
pub fn xlsx(report: &Report) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // As of the closing, so that the same report is the same file.
    let made = ExcelDateTime::from_timestamp(report.closed_at.micros() / 1_000_000)?;
    book.set_properties(&DocProperties::new().set_title(&report.title).set_creation_datetime(&made));
    let bold = Format::new().set_bold();
    let about = about(report);
    sheet(book.add_worksheet(), "report", &["field".to_owned(), "value".to_owned()], about, &bold)?;
    for table in ReportTable::ALL {
        let (header, rows) = rows(report, table);
        sheet(book.add_worksheet(), table.as_str(), &header, rows, &bold)?;
    }
    book.save_to_buffer()
}

fn sheet(
    sheet: &mut Worksheet,
    name: &str,
    header: &[String],
    rows: Vec<Vec<Cell>>,
    bold: &Format,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, title) in (0_u16..).zip(header) {
        sheet.write_string_with_format(0, column, title, bold)?;
    }
    for (line, row) in (1_u32..).zip(rows) {
        for (column, cell) in (0_u16..).zip(row) {
            match cell {
                Cell::Text(text) => sheet.write_string(line, column, text)?,
                Cell::Number(digits) => match exact(&digits) {
                    Some(number) => sheet.write_number(line, column, number)?,
                    None => sheet.write_string(line, column, digits)?,
                },
                Cell::Blank => sheet,
            };
        }
    }
    Ok(())
}

/// A number that a sheet holds to the last digit: at most 15 of them.
fn exact(digits: &str) -> Option<f64> {
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    digits.parse().ok().filter(|_| count <= 15)
}

fn about(report: &Report) -> Vec<Vec<Cell>> {
    let line = |field: &str, value: Cell| vec![Cell::text(field), value];
    let mark = if report.confidential { "confidential: for the issuer alone" } else { "not marked" };
    vec![
        line("title", Cell::text(&*report.title)),
        line("issuer", Cell::text(&*report.issuer)),
        line("confidentiality", Cell::text(mark)),
        line("legal_basis", Cell::text(report.legal_basis.as_str())),
        line("from", Cell::text(report.from.to_string())),
        line("until", Cell::text(report.until.to_string())),
        line("opened_at", Cell::from(report.opened_at.map(|at| at.to_string()))),
        line("closed_at", Cell::text(report.closed_at.to_string())),
        line("call", Cell::text(report.call.to_string())),
    ]
}

/// Header and rows of a table.
fn rows(report: &Report, table: ReportTable) -> (Vec<String>, Vec<Vec<Cell>>) {
    match table {
        ReportTable::Asked => {
            let questions = report.questions.iter().map(|question| format!("answer:{}", question.code));
            let fixed = [
                "organisation",
                "name",
                "kind",
                "invited",
                "clusters",
                "region",
                "outcome",
                "reason",
                "answered_by",
                "answered_at",
            ];
            let header = fixed.into_iter().map(str::to_owned).chain(questions).collect();
            (header, report.asked.iter().map(|asked| of_asked(asked, report)).collect())
        }
        ReportTable::Offers => (
            titles(&[
                "offer",
                "organisation",
                "name",
                "product",
                "grades",
                "region",
                "as_of",
                "certificates",
                "shares_line",
                "left_out",
            ]),
            report.offers.iter().map(of_offer).collect(),
        ),
        ReportTable::Stock => (
            titles(&["product", "grades", "region", "quantity", "unit", "offers", "as_of"]),
            report.stock.iter().map(of_stock).collect(),
        ),
        ReportTable::Capacity => (
            titles(&["product", "grades", "week", "region", "running", "maximum", "unit", "offers", "as_of"]),
            report.capacity.iter().map(of_week).collect(),
        ),
        ReportTable::Facilities => (
            titles(&[
                "organisation",
                "name",
                "facility",
                "region",
                "country",
                "third_country",
                "relation",
                "product",
                "stock",
                "running_per_week",
                "maximum_per_week",
                "month_1",
                "month_2",
                "month_3",
                "unit",
                "as_of",
                "offer",
            ]),
            report.facilities.iter().map(of_facility).collect(),
        ),
    }
}

fn titles(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn flag(value: bool) -> Cell {
    Cell::text(if value { "yes" } else { "no" })
}

fn region(code: Option<&RegionCode>) -> Cell {
    Cell::from(code.map(ToString::to_string))
}

fn grades(codes: &[GradeCode]) -> Cell {
    let words: Vec<&str> = codes.iter().map(GradeCode::as_str).collect();
    if words.is_empty() { Cell::Blank } else { Cell::text(words.join(" ")) }
}

fn of_asked(asked: &Asked, report: &Report) -> Vec<Cell> {
    let clusters: Vec<String> = asked.clusters.iter().map(ToString::to_string).collect();
    let mut row = vec![
        Cell::from(asked.organisation.map(|id| id.to_string())),
        Cell::from(asked.name.clone()),
        Cell::text(asked.kind.as_str()),
        flag(asked.invited),
        if clusters.is_empty() { Cell::Blank } else { Cell::text(clusters.join(" ")) },
        region(asked.region.as_ref()),
        Cell::text(asked.outcome.as_str()),
        Cell::from(asked.reason.clone()),
        Cell::from(asked.answered_by.map(|id| id.to_string())),
        Cell::from(asked.answered_at.map(|at| at.to_string())),
    ];
    row.extend(report.questions.iter().map(|question| match asked.answers.get(&question.code) {
        None => Cell::Blank,
        Some(Said::Text(words)) => Cell::text(&**words),
        Some(Said::Number(number)) => Cell::from(*number),
        Some(Said::YesNo(yes)) => flag(*yes),
    }));
    row
}

fn of_offer(offer: &ReportedOffer) -> Vec<Cell> {
    let certificates = offer.certificates.iter().map(|(kind, status, until)| {
        let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
        format!("{kind} {}{until}", status.as_str())
    });
    let certificates: Vec<String> = certificates.collect();
    vec![
        Cell::text(offer.offer.to_string()),
        Cell::text(offer.organisation.to_string()),
        Cell::text(&*offer.name),
        Cell::text(offer.product.as_str()),
        grades(&offer.grades),
        region(offer.region.as_ref()),
        Cell::text(offer.as_of.to_string()),
        if certificates.is_empty() { Cell::Blank } else { Cell::text(certificates.join("; ")) },
        flag(offer.shares_line),
        Cell::from(offer.left_out.clone()),
    ]
}

fn of_stock(ready: &Ready) -> Vec<Cell> {
    vec![
        Cell::text(ready.product.as_str()),
        grades(&ready.grades),
        region(ready.region.as_ref()),
        Cell::number(ready.quantity),
        Cell::text(ready.unit.unit_code()),
        Cell::number(ready.offers),
        Cell::text(ready.as_of.to_string()),
    ]
}

fn of_week(week: &WeekCapacity) -> Vec<Cell> {
    vec![
        Cell::text(week.product.as_str()),
        grades(&week.grades),
        Cell::text(week.week.to_string()),
        region(week.region.as_ref()),
        Cell::number(week.running),
        Cell::number(week.maximum),
        Cell::text(week.unit.unit_code()),
        Cell::number(week.offers),
        Cell::text(week.as_of.to_string()),
    ]
}

fn of_facility(of: &Facility) -> Vec<Cell> {
    let months = of.outlook.map_or([Cell::Blank, Cell::Blank, Cell::Blank], |months| months.map(Cell::number));
    let mut row = vec![
        Cell::text(of.organisation.to_string()),
        Cell::text(&*of.name),
        Cell::text(&*of.facility),
        region(of.region.as_ref()),
        Cell::text(of.country.as_str()),
        flag(of.third_country),
        Cell::text(of.relation.as_str()),
        Cell::text(of.product.as_str()),
        Cell::number(of.stock),
        Cell::number(of.running),
        Cell::number(of.maximum),
    ];
    row.extend(months);
    row.extend([
        Cell::text(of.unit.unit_code()),
        Cell::text(of.as_of.to_string()),
        Cell::from(of.offer.map(|id| id.to_string())),
    ]);
    row
}
