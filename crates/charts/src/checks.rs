//! What holds for all pictures.
#[test]
fn placeholder() {}
