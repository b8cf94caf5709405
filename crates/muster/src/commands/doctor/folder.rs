//! The data folder and the keys in it.

use std::{fs, io, path::Path};

use app::{
    doctor::Finding,
    signing_keys::{KeyError, SigningKeys},
};

use crate::{config::Settings, data_folder::DataFolder};

/// Looks at the data folder, and at the keys where there is one.
pub(super) fn look(settings: &Settings, data: Option<&DataFolder>) -> Vec<Finding> {
    let Some(data) = data else {
        let detail = format!("{} is not there", settings.data.display());
        let remedy = "name the folder with --data or MUSTER_DATA, or make a new one with `muster migrate`";
        return vec![Finding::fault("data folder", detail, remedy)];
    };
    vec![folder(data), keys(data.path())]
}

fn folder(data: &DataFolder) -> Finding {
    let (check, shown) = ("data folder", data.path().display());
    if let Err(fault) = fs::read_dir(data.path()) {
        let remedy = format!("run as the user whose it is, or give it to this one with `chown -R USER {shown}`");
        return Finding::fault(check, format!("{shown} cannot be read: {fault}"), remedy);
    }
    if let Err(fault) = try_writing(data.path()) {
        let remedy =
            format!("run as the user whose it is, give it to this one with `chown -R USER {shown}`, or free its disk");
        return Finding::fault(check, format!("{shown} cannot be written to: {fault}"), remedy);
    }
    if data.is_exposed() {
        let detail = format!("{shown} may be read by others: it holds keys, and what people entered");
        return Finding::fault(check, detail, format!("run `chmod 700 {shown}`"));
    }
    if let Err(fault) = data.demo() {
        return Finding::fault(check, format!("{fault:#}"), "remove the file if the folder holds no demo");
    }
    Finding::sound(check, format!("{shown} can be read and written, by its owner alone"))
}

/// Only an attempt tells whether a file can be written: rights, a read-only mount and a full disk all count. The
/// file is gone before anybody else sees it.
fn try_writing(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".doctor-{}", std::process::id()));
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| io::Write::write_all(&mut file, b"doctor"));
    match (written, fs::remove_file(&path)) {
        (Err(fault), _) | (Ok(()), Err(fault)) => Err(fault),
        (Ok(()), Ok(())) => Ok(()),
    }
}

fn keys(folder: &Path) -> Finding {
    let check = "signing keys";
    match SigningKeys::look(folder) {
        Ok(Some(kid)) => Finding::sound(check, format!("{kid} signs; its files are their owner's alone")),
        Ok(None) => {
            let remedy = "restore them from the backup if this service ran before, or everybody signs in again; the \
                          next start makes new ones";
            Finding::warning(check, "there are none", remedy)
        }
        Err(KeyError::File { file, source }) => {
            let remedy = format!("run as the user whose it is, or give it to this one with `chown USER {file}`");
            Finding::fault(check, format!("{file} cannot be read: {source}"), remedy)
        }
        Err(KeyError::Malformed { file }) => {
            let remedy = "restore it from a backup, or remove it: then all tokens end";
            Finding::fault(check, format!("{file} is no Ed25519 private key"), remedy)
        }
        Err(KeyError::Exposed { file }) => {
            let remedy = format!(
                "run `chmod 600 {file}`, and `muster keys rotate` twice with a restart after each, if others were there"
            );
            Finding::fault(check, format!("{file} may be read by others, who could sign as anybody"), remedy)
        }
    }
}
