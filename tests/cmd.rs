//! What a user types and sees: one file a case, named in words. `TRYCMD=overwrite cargo test --test cmd` writes
//! what is printed now.

#[test]
fn commands_print_what_they_printed() {
    trycmd::TestCases::new().env("COLUMNS", "80").case("tests/cmd/*.trycmd");
}
