//! Whom an organisation can join or mandate.

use app::{App, Stored};
use axum::extract::State;
use domain::{
    cluster::Cluster,
    organisation::{Organisation, OrganisationKind},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    limits,
    organisations::ClusterView,
    page::{Listing, Page, Paged, Part},
    problem::Problem,
    query::Parameters,
    signed_in::SignedIn,
    sort::{ByCreation, Sort},
};

/// The route of the directory.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A kind of organisation that stands in the directory.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Listed {
    /// Clusters.
    Cluster,
    /// Portals.
    Portal,
}

#[derive(Debug, Deserialize, IntoParams, Validate)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only `cluster` or only `portal`.
    #[param(value_type = Option<String>, example = "cluster")]
    kind: Option<Listed>,
    /// What the list is sorted by: `created_at` (where absent), `-created_at` for the last first.
    #[param(value_type = Option<String>, example = "-created_at")]
    sort: Option<Sort<ByCreation>>,
    /// Whether the answer has the `total` of all pages too.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    total: bool,
    /// At most so many entries, 1 to 200; 50 where absent.
    limit: Option<u32>,
    /// The `next` of the page before.
    #[validate(length(max = limits::CURSOR))]
    cursor: Option<String>,
}

/// A cluster or portal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DirectoryEntry)]
struct EntryView {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// `cluster` or `portal`.
    kind: &'static str,
    /// Its country, ISO 3166-1.
    country: String,
    /// What it is as a cluster; null of a portal.
    cluster: Option<ClusterView>,
}

impl EntryView {
    fn of((stored, cluster): (Stored<Organisation>, Cluster)) -> Self {
        let o = stored.record;
        Self {
            id: o.id.0,
            name: o.name,
            kind: o.kind.as_str(),
            country: o.country.to_string(),
            cluster: (o.kind == OrganisationKind::Cluster).then(|| ClusterView::of(cluster)),
        }
    }
}

/// Lists clusters and portals.
///
/// Those that the operator vouches for and that are not over: whom an organisation can ask to join, or mandate.
#[utoipa::path(get, operation_id = "directory_list", path = "/directory", tag = "Clusters", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "The directory", body = Page<EntryView>)))]
async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Parameters(query): Parameters<ListQuery>,
) -> Result<Paged<EntryView>, Problem> {
    let kind = query.kind.map(|kind| match kind {
        Listed::Cluster => OrganisationKind::Cluster,
        Listed::Portal => OrganisationKind::Portal,
    });
    let order = query.sort.unwrap_or_default().order;
    let part = Part { limit: query.limit, cursor: query.cursor.as_deref(), order, total: query.total };
    let listing = Listing::new(&app, caller.actor, ("directory", format!("{kind:?}")), part)?;
    let found = app::clusters::directory(&app, &caller, kind, listing.request).await?;
    Ok(listing.answer(&app, found, EntryView::of))
}
