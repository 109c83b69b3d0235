//! Says where the site folder lies whose files are embedded. `cargo xtask` names it in `SITE_PKG`; a plain cargo command looks where
//! `cargo xtask` would have put it.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-env-changed=SITE_PKG");
    if env::var_os("SITE_PKG").is_some() {
        return;
    }
    let profile = env::var("PROFILE").expect("cargo says how thoroughly it builds");
    let package = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package lies");
    let site = Path::new(&package).join("../target/site").join(profile);
    println!("cargo:rustc-env=SITE_PKG={}", site.display());
}
