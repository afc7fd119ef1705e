//! The JavaScript glue of the compiled module.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use crate::Outcome;

/// What the page loads: the module, and the script that loads it.
pub struct Module {
    pub wasm: PathBuf,
    pub glue: PathBuf,
}

pub fn run(compiled: &Path, into: &Path) -> Outcome<Module> {
    let mut bindgen = Bindgen::new();
    // The parts find each other by what the linker exported.
    bindgen.keep_lld_exports(true);
    bindgen.input_path(compiled).out_name("app").typescript(false).remove_producers_section(true).web(true)?;
    bindgen.generate(into)?;
    Ok(Module { wasm: into.join("app_bg.wasm"), glue: into.join("app.js") })
}
