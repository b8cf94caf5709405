//! A zip archive whose bytes are taken away while it grows.

use std::{
    fmt,
    io::{self, Write},
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use zip::{
    DateTime, ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use super::super::ExportError;

/// An archive that is being written.
pub(super) struct Pack {
    zip: ZipWriter<StreamWriter<Pipe>>,
    /// The other end of the archive's pipe.
    out: Pipe,
}

impl fmt::Debug for Pack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pack")
    }
}

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pack {
    pub(super) fn new() -> Self {
        let out = Pipe::default();
        Self { zip: ZipWriter::new_stream(out.clone()), out }
    }

    /// Begins a part; the next ends it.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), ExportError> {
        // The first moment that the format knows, so that the same export is the same file.
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
        Ok(self.zip.start_file(name, options).map_err(io::Error::from)?)
    }

    /// Goes on with the part that was begun.
    pub(super) fn write(&mut self, text: &str) -> Result<(), ExportError> {
        Ok(self.zip.write_all(text.as_bytes())?)
    }

    /// A whole part.
    pub(super) fn part(&mut self, name: &str, text: &str) -> Result<(), ExportError> {
        self.begin(name)?;
        self.write(text)
    }

    /// The bytes since they were last taken.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.out.take()
    }

    /// The rest of the bytes.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportError> {
        self.zip.finish().map_err(io::Error::from)?;
        Ok(self.out.take())
    }
}
