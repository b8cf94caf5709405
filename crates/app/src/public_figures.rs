//! What everybody is told of the market: product by NUTS 1 region and week, reckoned once a day.
//!
//! Whoever could ask at any time could tell what changed between two answers; so one answer stands for the whole day, for
//! all processes on a database.

use std::sync::{Arc, PoisonError};

use domain::{catalogue::Catalogue, time::Day, unit::BaseUnit};
use index::LatticeCell;
use storage::public_figures as store;

pub use storage::public_figures::{PublicCell, PublicFigures};

use crate::{App, error::AppResult, kept};

/// The figures of a day, once they were read or reckoned here.
#[derive(Debug, Default)]
pub struct Published {
    last: std::sync::RwLock<Option<Arc<PublicFigures>>>,
    /// Whose turn it is to reckon.
    turn: tokio::sync::Mutex<()>,
}

impl Published {
    fn of(&self, on: Day) -> Option<Arc<PublicFigures>> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|figures| figures.on == on).cloned()
    }
}

/// The figures of today; whoever comes first on a day waits until they are reckoned.
///
/// # Errors
/// Those of the database.
pub async fn today(app: &App) -> AppResult<Arc<PublicFigures>> {
    if let Some(figures) = app.published.of(app.today()) {
        return Ok(figures);
    }
    // On its own task: nobody who hangs up cuts it off for those who wait.
    let app = app.clone();
    tokio::spawn(async move { reckoned(&app).await }).await.map_err(crate::AppError::internal)?
}

async fn reckoned(app: &App) -> AppResult<Arc<PublicFigures>> {
    let _turn = app.published.turn.lock().await;
    let on = app.today();
    if let Some(figures) = app.published.of(on) {
        return Ok(figures);
    }
    let found = match store::of(&app.store, on).await? {
        Some(found) => found,
        None => {
            let reckoned_at = app.clock.now();
            let mut cells = Vec::new();
            // One by one, so that nobody who writes meanwhile waits for all of them.
            for product in app.tables().catalogue.products() {
                let product = product.code.clone();
                let found = kept::ask(app, move |index| index.lattice_of(&product, on)).await?;
                cells.extend(found.into_iter().map(cell));
            }
            let figures = PublicFigures { on, reckoned_at, cells };
            let keeping = figures.clone();
            app.store
                .write(move |tx| async move { Ok::<_, crate::AppError>(store::keep(&tx, &keeping).await?) })
                .await?;
            // Another process may have been first.
            store::of(&app.store, on).await?.unwrap_or(figures)
        }
    };
    let found = Arc::new(found);
    *app.published.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&found));
    Ok(found)
}

fn cell(cell: LatticeCell) -> PublicCell {
    let LatticeCell { product, unit: _, region, week, figures } = cell;
    let index::Figures { running, maximum, convertible, held, agreed, free, free_maximum } = figures;
    PublicCell { product, region, week, figures: [running, maximum, convertible, held, agreed, free, free_maximum] }
}

/// The base unit of a cell's figures.
pub fn unit(catalogue: &Catalogue, cell: &PublicCell) -> BaseUnit {
    catalogue.product(cell.product.as_str()).map_or(BaseUnit::Piece, |product| product.base_unit)
}
