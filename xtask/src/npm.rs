//! The tools that come from npm: the bundler and the optimiser.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::Outcome;

pub struct Tools<'a> {
    pub root: &'a Path,
    pub release: bool,
}

impl Tools<'_> {
    /// One file that needs no other, made of a script or a sheet and all that it imports.
    pub fn bundle(&self, entry: &Path, to: &Path) -> Outcome<Vec<u8>> {
        let mut esbuild = self.tool("esbuild")?;
        esbuild.arg(entry).arg("--bundle").arg("--format=esm").arg("--log-level=warning").arg("--legal-comments=none");
        // Pictures of a few hundred bytes in vendored sheets; fonts there are none.
        esbuild.args(["--loader:.png=dataurl", "--loader:.svg=dataurl"]);
        // The module imports its loader once for each part.
        esbuild.arg("--log-override:duplicate-object-key=silent");
        esbuild.arg(format!("--outfile={}", to.display()));
        if self.release {
            esbuild.arg("--minify");
        }
        run(esbuild)?;
        Ok(std::fs::read(to)?)
    }

    /// Makes the module as small as it gets, in place.
    pub fn optimise(&self, wasm: &Path) -> Outcome<()> {
        let mut optimiser = self.tool("wasm-opt")?;
        // What the compiler emits by default, and every browser of the last three years reads.
        optimiser.args(["-Oz", "--enable-bulk-memory", "--enable-mutable-globals", "--enable-nontrapping-float-to-int"]);
        optimiser.args(["--enable-sign-ext", "--enable-reference-types", "--enable-multivalue"]);
        optimiser.arg(wasm).arg("-o").arg(wasm);
        run(optimiser)
    }

    fn tool(&self, name: &str) -> Outcome<Command> {
        let path = self.root.join("node_modules/.bin").join(name);
        if !path.exists() {
            return Err(format!("{name} is missing: run `deploy/sandbox/install build`").into());
        }
        let mut command = Command::new(path);
        command.stdin(Stdio::null()).current_dir(self.root);
        Ok(command)
    }
}

fn run(mut command: Command) -> Outcome<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{:?}: {status}", command.get_program()).into()) }
}
