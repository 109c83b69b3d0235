//! The style: every imported file in one, as small as it gets.

use std::path::Path;

use anyhow::{Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};

/// Follows the imports of `main` and returns one small style sheet.
pub fn bundle(main: &Path) -> Result<String> {
    let files = FileProvider::new();
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(main)
        .map_err(|error| anyhow!("the style cannot be read: {error}"))?;
    sheet.minify(MinifyOptions::default()).map_err(|error| anyhow!("the style cannot be made small: {error}"))?;
    let small = sheet
        .to_css(PrinterOptions { minify: true, ..PrinterOptions::default() })
        .map_err(|error| anyhow!("the style cannot be written: {error}"))?;
    Ok(small.code)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn imports_become_one_small_sheet() -> Result<()> {
        let scratch = Scratch::new("style-imports")?;
        fs::write(scratch.path("tokens.css"), ":root { --ink: oklch(25% 0.02 260); }\n/* a remark */\n")?;
        fs::write(
            scratch.path("main.css"),
            "@import \"tokens.css\" layer(tokens);\n.card { & a { color: var(--ink); } }\n",
        )?;
        assert_eq!(
            bundle(&scratch.path("main.css"))?,
            "@layer tokens{:root{--ink:oklch(25% .02 260)}}.card{& a{color:var(--ink)}}"
        );
        Ok(())
    }

    #[test]
    fn a_mistake_is_named_with_its_file() -> Result<()> {
        let scratch = Scratch::new("style-mistake")?;
        fs::write(scratch.path("main.css"), "@import \"nowhere.css\";\n")?;
        let error = bundle(&scratch.path("main.css")).expect_err("there is no such file");
        let text = error.to_string();
        assert!(text.contains("the style cannot be read"), "{text}");
        assert!(text.contains("main.css"), "{text}");
        Ok(())
    }
}
