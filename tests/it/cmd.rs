//! What a user types and sees: one file a case, named in words. `TRYCMD=overwrite cargo test --test it cmd::` writes
//! what is printed now.

#[test]
fn commands_print_what_they_printed() {
    let cases = trycmd::TestCases::new();
    cases.env("COLUMNS", "80").case("tests/cmd/*.trycmd");
    // A quell that reads Parquet says something else of a broken file.
    if cfg!(feature = "parquet") {
        cases.skip("tests/cmd/parquet.trycmd");
    }
}
