//! Whole lists as files, read page by page while they are sent.

use std::future::Future;

use app::{App, AppResult, Order, Page, PageRequest};
use axum::response::Response;
use domain::violation::Violations;

use super::{Facts, Format, Outgoing, Tabled};
use crate::{page::Part, problem::Problem};

/// Refuses what would leave a part out of a file, or let a row move while it is written.
///
/// # Errors
/// `invalid_query`, every fault at once.
pub(crate) fn whole_list(part: &Part<'_>, by_creation: bool) -> Result<(), Problem> {
    let mut faults = Violations::new();
    let mut refuse = |name: &str, why: &str| faults.push(format!("/{name}"), "not_in_a_file", why.to_owned());
    let whole = "a file has the whole list; leave it out";
    if part.limit.is_some() {
        refuse("limit", whole);
    }
    if part.cursor.is_some() {
        refuse("cursor", whole);
    }
    if part.total {
        refuse("total", "a file has all rows, so that its length says it; leave it out");
    }
    if !by_creation {
        refuse("sort", "a row could move while the file is written; sort by created_at here, or in the file");
    }
    faults.into_result().map_err(Problem::invalid_query)
}

/// A list as a file. The first page is read before anything is answered, so that what is refused is refused in words.
///
/// # Errors
/// What reading the first page meets.
pub(crate) async fn list<R, F>(
    app: &App,
    (format, address): (Format, &str),
    order: Order,
    mut read: impl FnMut(PageRequest) -> F + Send + 'static,
) -> Result<Response, Problem>
where
    R: Tabled + Send + Sync + 'static,
    F: Future<Output = AppResult<Page<R>>> + Send,
{
    let request = PageRequest { order, ..PageRequest::first(PageRequest::MOST) };
    let facts = Facts { as_of: app.clock.now(), licence: app.licence.to_string(), left_out: Vec::new() };
    let mut page = read(request).await?;
    let (mut out, response) = Outgoing::new::<R>(app, (format, address), &facts);
    tokio::spawn(async move {
        let written = async {
            let mut reads = out.start().await?;
            while reads {
                reads = out.rows(&page.items).await?;
                let Some(after) = page.next else { break };
                if reads {
                    page = read(PageRequest { after: Some(after), ..request }).await.map_err(|f| f.to_string())?;
                }
            }
            if reads { out.finish().await } else { Ok(()) }
        };
        if let Err(fault) = written.await {
            out.abort(fault);
        }
    });
    Ok(response)
}
