//! The data folder: private to its owner, with the mark of a demo where it holds one.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use domain::time::{Clock, Day, Instant};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{DemoClock, SystemClock},
    output,
};

/// The file that says a data folder holds a demo.
const MARK: &str = "demo.json";

/// What a demo's folder says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DemoMark {
    /// What its market is drawn from.
    pub(crate) seed: u64,
    /// The day it decides on.
    pub(crate) day: Day,
    /// When it was first opened.
    pub(crate) opened: Instant,
}

/// A data folder.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// Opens a folder, made with access for its owner alone when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        if path.is_dir() {
            if exposed(path) {
                output::complain(&format!("warning: {shown} may be read by others; run `chmod 700 {shown}`"));
            }
        } else {
            create(path).with_context(|| {
                format!("the data folder {shown} cannot be made; name another with --data or MUSTER_DATA")
            })?;
        }
        Ok(Self(path.to_path_buf()))
    }

    /// A folder as it is, if it is there: nothing is made, and nothing said.
    pub(crate) fn look(path: &Path) -> Option<Self> {
        path.is_dir().then(|| Self(path.to_path_buf()))
    }

    /// Whether others on this machine may read it.
    pub(crate) fn is_exposed(&self) -> bool {
        exposed(&self.0)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The mark of a demo, if it has one.
    pub(crate) fn demo(&self) -> Result<Option<DemoMark>> {
        let path = self.0.join(MARK);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .with_context(|| format!("{} is broken; remove it if the folder holds no demo", path.display())),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(fault) => Err(fault).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    /// Marks the folder as a demo's, unless it is.
    pub(crate) fn mark_demo(&self, seed: u64, day: Day) -> Result<DemoMark> {
        if let Some(mark) = self.demo()? {
            return Ok(mark);
        }
        let mark = DemoMark { seed, day, opened: SystemClock.now() };
        let path = self.0.join(MARK);
        // Whole or not at all: a program that is killed leaves no half of a file behind.
        let draft = path.with_extension(format!("json.{}", std::process::id()));
        let text = serde_json::to_string(&mark)?;
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, &path))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(mark)
    }

    /// The clock that holds in this folder.
    pub(crate) fn clock(&self) -> Result<Arc<dyn Clock>> {
        Ok(match self.demo()? {
            Some(mark) => Arc::new(DemoClock { day: mark.day, opened: mark.opened }),
            None => Arc::new(SystemClock),
        })
    }
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn exposed(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_its_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/data");
        DataFolder::open(&path).unwrap();
        assert!(path.is_dir() && !exposed(&path));
    }

    #[test]
    fn a_demo_is_marked_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("data")).unwrap();
        assert_eq!(folder.demo().unwrap(), None);
        let day = crate::demo::decision_day();
        let first = folder.mark_demo(7, day).unwrap();
        assert_eq!(folder.mark_demo(8, day).unwrap(), first);
        assert_eq!(folder.clock().unwrap().now().day(), day);
    }
}
