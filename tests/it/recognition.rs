//! Which table a header is of: each table's own header, with columns missing, in another order and with others beside them.
//! No table is taken for another that holds something else in the same columns.

use quell::schema::recognise::Recognition;
use quell::schema::{Schema, Schemas};

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    /// Some of them, in another order.
    fn some<'c>(&mut self, all: &[&'c str], count: usize) -> Vec<&'c str> {
        let mut rest = all.to_vec();
        (0..count.min(all.len())).map(|_| rest.swap_remove(self.below(rest.len()))).collect()
    }
}

fn columns(schema: &Schema) -> Vec<&str> {
    schema.columns.keys().map(String::as_str).collect()
}

fn recognised<'s>(schemas: &'s Schemas, header: &[&str]) -> Recognition<'s> {
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    schemas.recognition(&header)
}

/// The fields that a column holds.
fn meaning(schema: &Schema, column: &str) -> Vec<(&'static str, bool)> {
    let fields = schema.fields.iter().flat_map(|(field, sources)| {
        let sources = sources.iter().filter(|source| source.column == column);
        sources.map(|source| (field.name(), source.path))
    });
    fields.collect()
}

/// The first column that `taken` takes for something else than `own` does.
fn mistaken<'h>(taken: &Schema, own: &Schema, header: &[&'h str]) -> Option<&'h str> {
    let both = header.iter().copied().filter(|column| taken.has(column) && own.has(column));
    both.into_iter().find(|column| {
        let (here, there) = (meaning(taken, column), meaning(own, column));
        !here.is_empty() && here != there
    })
}

/// The same, if both take it for something.
fn contradicted<'h>(taken: &Schema, own: &Schema, header: &[&'h str]) -> Option<&'h str> {
    let held: Vec<&str> = header.iter().copied().filter(|column| !meaning(own, column).is_empty()).collect();
    mistaken(taken, own, &held)
}

/// Whether a header is one that was always read as connections, because none of its columns is another table's own.
fn was_always_network(taken: &Schema, header: &[&str]) -> bool {
    taken.table.as_deref() == Some("DeviceNetworkEvents") && header.iter().all(|column| taken.has(column))
}

#[test]
fn a_whole_header_in_any_order_is_its_table_whatever_stands_beside_it() {
    let (schemas, mut numbers) = (Schemas::built_in(), Numbers(7));
    for own in schemas.iter().filter(|schema| schema.table.is_some()) {
        for other in schemas.iter() {
            let mut header = numbers.some(&columns(own), usize::MAX);
            let foreign: Vec<&str> = columns(other).into_iter().filter(|name| !own.has(name)).collect();
            header.extend(numbers.some(&foreign, 3));
            header.extend(["Count", "Reason1", "my column"]);
            let Recognition::One(found) = recognised(&schemas, &header) else {
                panic!("{} beside {}: nobody knows", own.name, other.name)
            };
            assert!(
                found.table == own.table || mistaken(found, own, &header).is_none(),
                "{} beside {} is taken for {}",
                own.name,
                other.name,
                found.name
            );
        }
    }
}

#[test]
fn a_header_with_columns_missing_is_never_taken_for_a_table_that_says_otherwise() {
    let (schemas, mut numbers) = (Schemas::built_in(), Numbers(11));
    let (mut certain, mut all) = (0, 0);
    for own in schemas.iter().filter(|schema| schema.table.is_some()) {
        let columns = columns(own);
        for round in 0..60 {
            let count = 1 + numbers.below(if round % 2 == 0 { 8 } else { columns.len() });
            let header = numbers.some(&columns, count);
            all += 1;
            match recognised(&schemas, &header) {
                Recognition::One(found) => {
                    certain += 1;
                    let mistaken =
                        mistaken(found, own, &header).filter(|_| !was_always_network(found, &header));
                    assert_eq!(mistaken, None, "{} is taken for {}: {header:?}", own.name, found.name);
                }
                Recognition::Several(found) => {
                    assert!(
                        found.iter().any(|schema| schema.is_called(own.table.as_deref().unwrap())),
                        "{}: {header:?}",
                        own.name
                    );
                }
                Recognition::None => panic!("{}: nobody knows {header:?}", own.name),
            }
        }
    }
    assert!(certain * 10 > all * 6, "of {all} headers only {certain} have a table");
}

/// A join brings columns of another table.
#[test]
fn a_header_with_a_few_columns_of_another_table_is_never_taken_for_that() {
    let (schemas, mut numbers) = (Schemas::built_in(), Numbers(13));
    let all: Vec<&Schema> = schemas.iter().collect();
    for own in schemas.iter().filter(|schema| schema.table.is_some()) {
        for _ in 0..20 {
            let other = all[numbers.below(all.len())];
            let mut header = numbers.some(&columns(own), 10);
            let foreign: Vec<&str> = columns(other).into_iter().filter(|name| !own.has(name)).collect();
            header.extend(numbers.some(&foreign, 1));
            if let Recognition::One(found) = recognised(&schemas, &header) {
                let wrong = contradicted(found, own, &header).filter(|_| !was_always_network(found, &header));
                assert_eq!(wrong, None, "{} is taken for {}: {header:?}", own.name, found.name);
            }
        }
    }
}
