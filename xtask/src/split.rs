//! Cuts the compiled module into the main part and those that are loaded later.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use wasm_split_cli_support::Options;

use crate::Outcome;

/// What one compiled module became.
pub struct Split {
    /// The part that is always loaded. The JavaScript glue is still to be made for it.
    pub main: PathBuf,
    /// The modules that each part needs beside the main one, by the part's name. Parts share some.
    pub parts: BTreeMap<String, Vec<String>>,
}

/// Cuts `compiled`, which must hold its relocations. The glue will be `app.js` in the same folder, and imports what loads the parts.
pub fn run(compiled: &Path, into: &Path) -> Outcome<Split> {
    let module = std::fs::read(compiled)?;
    let main = into.join("main.wasm");
    let mut options = Options::new(&module);
    options.output_dir = into;
    options.main_out_path = &main;
    options.main_module = "./app.js";
    let done = wasm_split_cli_support::transform(options).map_err(|why| format!("{}: {why:#}", compiled.display()))?;
    let parts = done.prefetch_map.into_iter().map(|(part, stems)| (part, stems.into_iter().map(|stem| format!("{stem}.wasm")).collect())).collect();
    Ok(Split { main, parts })
}
