//! The page's own parts, which are files beside this folder, as one script and one style sheet.
//!
//! In: the sources in `page/`. Out: the text of each. A page that fetches nothing cannot load modules, so that they
//! become one script here, without any other tool than the compiler.

/// The modules, each after those that it uses.
const MODULES: &[(&str, &str)] = &[
    ("text.js", include_str!("../page/text.js")),
    ("decode.js", include_str!("../page/decode.js")),
    ("judge.js", include_str!("../page/judge.js")),
    ("counts.js", include_str!("../page/counts.js")),
    ("select.js", include_str!("../page/select.js")),
    ("state.js", include_str!("../page/state.js")),
    ("write.js", include_str!("../page/write.js")),
    ("draft.js", include_str!("../page/draft.js")),
    ("explain.js", include_str!("../page/explain.js")),
    ("review.js", include_str!("../page/review.js")),
    ("dom.js", include_str!("../page/dom.js")),
    ("view-head.js", include_str!("../page/view-head.js")),
    ("view-chart.js", include_str!("../page/view-chart.js")),
    ("view-exclusions.js", include_str!("../page/view-exclusions.js")),
    ("view-side.js", include_str!("../page/view-side.js")),
    ("view-facets.js", include_str!("../page/view-facets.js")),
    ("view-grid.js", include_str!("../page/view-grid.js")),
    ("view-row.js", include_str!("../page/view-row.js")),
    ("view-tune.js", include_str!("../page/view-tune.js")),
    ("main.js", include_str!("../page/main.js")),
];

/// The frame that everything is put into.
pub(super) const FRAME: &str = include_str!("../page/page.html");
/// The style sheet.
pub(super) const STYLE: &str = include_str!("../page/page.css");

/// The modules as one script. Each is a function of its own, so that their names do not meet; what it exports it leaves
/// in `modules`, and what it imports it takes from there.
pub(super) fn script() -> String {
    let mut out = String::from("const modules = {};\n");
    for (name, text) in MODULES {
        out += &format!("// {name}\n(() => {{\n");
        let mut exported = Vec::new();
        for line in text.lines() {
            if let Some((names, module)) = imported(line) {
                out += &format!("const {names} = modules['{module}'];\n");
                continue;
            }
            let plain = line.strip_prefix("export ").unwrap_or(line);
            exported.extend(Some(declared(plain)).filter(|_| plain.len() < line.len()));
            out += plain;
            out.push('\n');
        }
        out += &format!("modules['{name}'] = {{ {} }};\n}})();\n", exported.join(", "));
    }
    out
}

/// The names and the module of a line `import { a, b } from './text.js';`.
fn imported(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("import ")?.strip_suffix("';")?.split_once(" from './")
}

/// The name that a line at the top of a module declares.
fn declared(line: &str) -> &str {
    let words = ["async function ", "function ", "const ", "class "];
    let name = words.iter().find_map(|word| line.strip_prefix(word)).unwrap_or_default();
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exported_has_a_name() {
        for (module, text) in MODULES {
            for line in text.lines().filter_map(|line| line.strip_prefix("export ")) {
                assert!(!declared(line).is_empty(), "{module}: {line}");
            }
        }
        assert_eq!(imported("import { a, b } from './text.js';"), Some(("{ a, b }", "text.js")));
    }

    #[test]
    fn every_module_is_named_and_imports_what_stands_before_it() {
        let mut before: Vec<&str> = Vec::new();
        for (module, text) in MODULES {
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let used = line.split("'./").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
                assert!(before.contains(&used), "{module} imports {used}, which stands behind it");
                assert!(line.ends_with(';'), "{module}: an import stands on one line");
            }
            before.push(module);
        }
        let files = std::fs::read_dir("src/report/page").unwrap().map(|file| file.unwrap().file_name());
        let scripts = files.filter(|name| name.to_string_lossy().ends_with(".js")).count();
        assert_eq!(scripts, MODULES.len());
    }

    #[test]
    fn nothing_in_the_page_can_end_its_script_or_style() {
        assert!(!script().contains("</script") && !script().contains("<!--"));
        assert!(!STYLE.contains("</style"));
        assert!(!script().contains("innerHTML") && !script().contains("eval("));
    }
}
