//! Files whose names change with what is in them, so that a browser may keep them for ever.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

use crate::Outcome;

pub struct Assets {
    dir: PathBuf,
    /// From the plain name to the one that holds a hash.
    names: BTreeMap<String, String>,
}

impl Assets {
    /// An empty folder: the files of earlier builds are nobody's any more.
    pub fn new(dir: &Path) -> Outcome<Self> {
        if dir.exists() {
            std::fs::remove_dir_all(dir)?;
        }
        std::fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), names: BTreeMap::new() })
    }

    /// Writes a file, and says what it is called now.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Outcome<String> {
        let hashed = hashed(name, &bytes);
        std::fs::write(self.dir.join(&hashed), bytes)?;
        self.names.insert(name.to_owned(), hashed.clone());
        Ok(hashed)
    }

    /// Lays a compressed copy beside each file. Takes seconds, so only a release does it.
    pub fn compress(&self) -> Outcome<()> {
        for (name, hashed) in &self.names {
            let bytes = std::fs::read(self.dir.join(hashed))?;
            let mut small = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 24);
            small.write_all(&bytes)?;
            let small = small.into_inner();
            eprintln!("{:>8} {:>8} br  {name}", bytes.len(), small.len());
            std::fs::write(self.dir.join(format!("{hashed}.br")), small)?;
        }
        Ok(())
    }

    /// Writes the list of names, and the modules of each part, last: a server that finds it finds the files too.
    pub fn finish(self, parts: &BTreeMap<String, Vec<String>>, manifest: &Path) -> Outcome<()> {
        let list = serde_json::json!({ "files": self.names, "parts": parts });
        std::fs::write(manifest, format!("{list:#}\n"))?;
        Ok(())
    }
}

fn hashed(name: &str, bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let hash: String = digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, "bin"));
    format!("{stem}-{hash}.{kind}")
}
