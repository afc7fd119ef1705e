//! Builds the browser half: from the compiled module, `web/` and `style/` to files that the server hands out.

mod assets;
mod bindgen;
mod npm;
mod split;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use assets::Assets;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "cargo run -p xtask -- web --wasm MODULE --out DIR [--release]";

/// What pages load when they need it: the name it has for them, and its source in `web/`.
const EXTRAS: [&str; 7] = ["passkey.js", "terminal.js", "terminal.css", "chart.js", "chart.css", "reference.js", "reference.css"];

struct Request {
    wasm: PathBuf,
    out: PathBuf,
    release: bool,
}

fn main() -> ExitCode {
    let Some(request) = read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match web(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("web: {why}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut words: impl Iterator<Item = String>) -> Option<Request> {
    let (mut wasm, mut out, mut release) = (None, None, false);
    if words.next()? != "web" {
        return None;
    }
    while let Some(word) = words.next() {
        match word.as_str() {
            "--wasm" => wasm = Some(words.next()?.into()),
            "--out" => out = Some(words.next()?.into()),
            "--release" => release = true,
            _ => return None,
        }
    }
    Some(Request { wasm: wasm?, out: out?, release })
}

fn web(request: &Request) -> Outcome<()> {
    // Asked when it runs: a target folder may serve more than one checkout.
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let work = request.out.join("work");
    // What a broken run left behind is worth nothing.
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work)?;
    let npm = npm::Tools { root: &root, release: request.release };

    let split = split::run(&request.wasm, &work)?;
    let module = bindgen::run(&split.main, &work)?;
    let parts: BTreeSet<&String> = split.parts.values().flatten().collect();
    let mut assets = Assets::new(&request.out.join("assets"))?;
    // The glue loads the parts by their names. The page tells it the main module's.
    let mut glue = String::from_utf8(npm.bundle(&module.glue, &work.join("app.bundle.js"))?)?;
    for name in parts {
        let hashed = add_module(&mut assets, name, &work.join(name), &npm)?;
        if !glue.contains(name) {
            return Err(format!("the glue loads no {name}").into());
        }
        glue = glue.replace(name, &hashed);
    }
    add_module(&mut assets, "app_bg.wasm", &module.wasm, &npm)?;
    assets.add("app.js", glue.into_bytes())?;
    assets.add("app.css", npm.bundle(&root.join("style/app.css"), &work.join("app.bundle.css"))?)?;
    for name in EXTRAS {
        assets.add(name, npm.bundle(&root.join("web").join(name), &work.join(name))?)?;
    }
    std::fs::remove_dir_all(&work)?;
    if request.release {
        assets.compress()?;
    }
    assets.finish(&split.parts, &request.out.join("manifest.json"))
}

fn add_module(assets: &mut Assets, name: &str, path: &Path, npm: &npm::Tools) -> Outcome<String> {
    if npm.release {
        npm.optimise(path)?;
    }
    assets.add(name, std::fs::read(path)?)
}
